/** The compiled engine beside the step engine on loads that are larger than those of the random cases: what it keeps has to grow. */
import { readProfile } from "../../formats/files/index.js";
import type { Profile, Workload, WorkloadRequest } from "../../formats/index.js";
import { rulesOf, type SchedulerLimits } from "../../sim/index.js";
import { isWithinReach } from "../../sim/engine/flat/index.js";
import { Machine } from "../../sim/engine/flat/machine.js";
import { tokenCounts } from "../../sim/policy/index.js";
import { compareEngines } from "./identical.js";

const { cost } = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json") as Profile & {
  cost: { kind: "vllm_engine" };
};
const jitter = cost.jitter!;

const limits: SchedulerLimits = {
  rules: rulesOf("0.26.0"),
  asyncScheduling: true,
  maxNumSeqs: 128,
  maxNumBatchedTokens: 2048,
  blockSize: 16,
  numGpuBlocks: 20_000,
  maxModelLen: 100_000,
  chunkedPrefill: true,
  prefixCaching: false,
  longPrefillTokenThreshold: 0,
  schedulingPolicy: "fcfs",
  watermark: 0,
  reserveFullIsl: true,
};

/** `count` requests that come `gapNs` after each other, with prompts and answers of many lengths. */
function requestsOf(count: number, gapNs: number | undefined): WorkloadRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    id: String(index),
    promptTokens: 1 + ((index * 7919) % 700),
    outputTokens: 1 + ((index * 104_729) % 120),
    priority: index % 3,
    ...(gapNs === undefined ? {} : { arrivalNs: index * gapNs }),
  }));
}

const openLoop = (count: number, gapNs: number): Workload => ({
  requests: requestsOf(count, gapNs),
  maxConcurrency: Infinity,
  thinkNs: 0,
});

interface Change {
  readonly limits?: Partial<SchedulerLimits>;
  readonly cost?: Profile["cost"];
  readonly replicas?: number;
}

function differences(workload: Workload, change: Change = {}): readonly string[] {
  const base = { coldStart: false, jitter: true, router: "least-outstanding", routerBeta: undefined } as const;
  const asked = { limits: { ...limits, ...change.limits }, cost: change.cost ?? cost, replicas: change.replicas ?? 1 };
  return compareEngines({ ...base, ...asked, workload }).differences;
}

describe("the compiled engine", () => {
  it.each([
    ["all at once", openLoop(900, 0), {}],
    ["one after the other", openLoop(400, 20_000_000), {}],
    ["synchronously", openLoop(300, 4_000_000), { limits: { asyncScheduling: false } }],
    ["in a closed loop", { requests: requestsOf(500, undefined), maxConcurrency: 90, thinkNs: 1_000_000 }, {}],
    ["on three replicas", { requests: requestsOf(400, undefined), maxConcurrency: 200, thinkNs: 0 }, { replicas: 3 }],
    [
      "by rank, with few blocks",
      openLoop(300, 1_000_000),
      { limits: { schedulingPolicy: "priority", numGpuBlocks: 400 } },
    ],
    ["with few blocks and a cache", openLoop(300, 1_000_000), { limits: { prefixCaching: true, numGpuBlocks: 300 } }],
  ] as const)("gives the step engine's result %s", (_, workload, change) => {
    expect(differences(workload, change)).toEqual([]);
  });

  it("keeps gaps that are longer than 32 bits hold, and outputs that pile up behind them", () => {
    const stalls = { ...jitter, output_stall: { token_probability: 0.0005, mean_ns: 9e9 } };
    expect(differences(openLoop(400, 30_000_000), { cost: { ...cost, jitter: stalls } })).toEqual([]);
  });

  it("keeps first tokens that are written long after the others of their step", () => {
    const late = { ...cost.front_end!, first_wait_token_ns: 5_000_000 };
    expect(differences(openLoop(500, 2_000_000), { cost: { ...cost, front_end: late } })).toEqual([]);
  });

  it("leaves to the loop what its numbers do not hold", () => {
    const workload = openLoop(40, 1_000_000);
    const tokens = tokenCounts(workload.requests);
    const beyond = [{ numGpuBlocks: 2 ** 33 }, { maxNumSeqs: 2 ** 20 }, { maxModelLen: Infinity }];
    expect(beyond.map((change) => isWithinReach({ ...limits, ...change }, tokens))).toEqual([false, false, false]);
    expect(isWithinReach(limits, { ...tokens, longestOutput: 2 ** 23 })).toBe(true);
    expect(isWithinReach({ ...limits, maxModelLen: 2 ** 24 }, { ...tokens, longestOutput: 2 ** 23 })).toBe(false);
    expect(differences(workload, { limits: { maxModelLen: Infinity } })).toEqual([]);
  });

  it("uses a machine again, also after a run that ended early", () => {
    const stuck = { numGpuBlocks: 60, reserveFullIsl: false, schedulingPolicy: "priority" } as const;
    const before = Machine.take();
    before.release();
    for (let time = 0; time < 2; time++) {
      expect(differences(openLoop(60, 100_000), { limits: stuck })).toEqual([]);
      expect(differences(openLoop(200, 1_000_000))).toEqual([]);
    }
    const after = Machine.take();
    after.release();
    expect(after).toBe(before);
  });
});
