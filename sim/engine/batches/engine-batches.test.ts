/** Batches in front of a vLLM engine: the engine's own times for each request, the client's batches around them. */
import fc from "fast-check";
import type { Workload, WorkloadRequest } from "../../../formats/index.js";
import { noHost, type StepCostModel } from "../../cost/index.js";
import { planBatchPolicy, vllmSchedulers, type BatchWork, type SchedulerLimits } from "../../policy/index.js";
import { EngineBatches } from "./engine-batches.js";
import { simulateBatches, type SimulationResult } from "./simulate.js";
import { simulateSteps } from "../simulate-steps.js";
import type { EngineName } from "../step-simulation.js";
import { engineCosts, roomyLimits, stepWorkloads, tightLimits } from "../step-scenarios.fixture.js";
import { gpuOnly } from "../steps.conformance.js";

const STEP_NS = 100;
const machine = { totalBytes: 1e9, baseBytes: 0, kvBytesPerToken: 1e3, positions: 4096 };
const stepCost = (): StepCostModel => ({ ...gpuOnly({ fixedNs: STEP_NS }), host: noHost });

function requestsOf(lengths: readonly (readonly [prompt: number, output: number])[]): WorkloadRequest[] {
  return lengths.map(([promptTokens, outputTokens], index) => ({ id: String(index), promptTokens, outputTokens }));
}

function batchOf(requests: readonly WorkloadRequest[], id = 1): BatchWork {
  const members = requests.map((request, index) => ({ ...request, index, arrivalNs: 0 }));
  return {
    kind: "batch",
    id,
    requests: members,
    limit: members.length,
    promptTokens: 0,
    outputTokens: 0,
    reason: "full",
  };
}

interface Options {
  readonly policy?: string;
  readonly settings?: object;
  readonly limits?: SchedulerLimits;
  readonly engine?: EngineName;
  readonly cost?: () => StepCostModel;
}

function run(workload: Workload, options: Options = {}): SimulationResult {
  const { policy = "naive", settings = { batch_size: 2, timeout_s: 1 }, limits = roomyLimits() } = options;
  const { cost = stepCost, engine = "fast" } = options;
  const hardware = new EngineBatches({
    requests: workload.requests,
    server: vllmSchedulers(limits),
    cost: cost(),
    engine,
  });
  const plan = planBatchPolicy(policy, settings, { source: "test" });
  const result = simulateBatches({ workload, machines: [{ policy: plan.create(machine), hardware }] });
  hardware.log.checkWhole();
  return result;
}

const closed = (requests: readonly WorkloadRequest[], maxConcurrency: number): Workload => ({
  requests,
  maxConcurrency,
  thinkNs: 0,
});

test("each member decodes its own length; all have their answer when the longest is done", () => {
  const requests = requestsOf([
    [10, 3],
    [10, 5],
    [10, 2],
    [10, 1],
  ]);
  const { requests: records, batches } = run(closed(requests, 2));
  // A step takes 100 ns: the first batch ends after 5 tokens, the second after 2.
  expect(batches.map(({ startNs, firstTokenNs, endNs, size }) => [startNs, firstTokenNs, endNs, size])).toEqual([
    [0, 100, 500, 2],
    [500, 600, 700, 2],
  ]);
  expect(records.map(({ firstTokenNs, lastTokenNs }) => [firstTokenNs, lastTokenNs])).toEqual([
    [100, 500],
    [100, 500],
    [600, 700],
    [600, 700],
  ]);
  expect(records.map(({ outputTokens, batchId }) => [outputTokens, batchId])).toEqual([
    [3, 1],
    [5, 1],
    [2, 2],
    [1, 2],
  ]);
});

test("members whose prompts share no step have first tokens of their own, the batch's is the last of them", () => {
  const limits = roomyLimits({ maxNumBatchedTokens: 100 });
  const requests = requestsOf([
    [100, 2],
    [100, 1],
  ]);
  const { requests: records, batches } = run(closed(requests, 2), { limits });
  expect(records.map(({ firstTokenNs }) => firstTokenNs)).toEqual([100, 300]);
  expect(batches[0]!.firstTokenNs).toBe(300);
});

test("a request that the server can never serve is rejected, and its batch goes on without it", () => {
  const requests = requestsOf([
    [10, 2],
    [5000, 2],
    [10, 2],
  ]);
  const { requests: records } = run(closed(requests, 3), { settings: { batch_size: 3, timeout_s: 1 } });
  expect(records.map(({ status }) => status)).toEqual(["ok", "refused", "ok"]);
  expect(records[1]).toMatchObject({ error: expect.stringMatching(/max_model_len/) as string, outputTokens: 0 });
  expect(records[1]!.lastTokenNs).toBeUndefined();
});

test("a member beyond what may wait for the server is rejected with the reason, and the next batch is let in", () => {
  const limits = roomyLimits({ maxNumQueuedReqs: 2 });
  const requests = requestsOf(Array.from({ length: 6 }, () => [10, 2] as const));
  const { requests: records } = run(closed(requests, 3), { settings: { batch_size: 3, timeout_s: 1 }, limits });
  expect(records.map(({ status }) => status)).toEqual(["ok", "ok", "refused", "ok", "ok", "refused"]);
  expect(records[2]!.error).toBe("HTTP 503: 2 requests are unfinished, max_num_queued_reqs is 2");
});

test("KV blocks in use are the memory that dynamic looks at: where they are short its batches get smaller", () => {
  const requests = requestsOf(Array.from({ length: 60 }, () => [64, 8] as const));
  const settings = { batch_size: 4, min_batch_size: 1, max_batch_size: 12, timeout_s: 1, memory_threshold: 0.5 };
  const limitsOf = (numGpuBlocks: number): number[] => {
    const limits = roomyLimits({ numGpuBlocks, blockSize: 16 });
    return run(closed(requests, 30), { policy: "dynamic", settings, limits }).batches.map(({ limit }) => limit);
  };
  expect(Math.max(...limitsOf(10_000))).toBe(12);
  // 5 blocks a request, 41 blocks: from 5 requests on more than half is in use.
  expect(limitsOf(42).slice(0, 4)).toEqual([4, 6, 5, 4]);
});

test("one batch of all requests is what the engine makes of them arriving at once", () => {
  fc.assert(
    fc.property(stepWorkloads(), tightLimits, engineCosts, (workload, tight, cost) => {
      // Without the reservation requests can take each other's blocks forever.
      const policy = vllmSchedulers({ ...tight, reserveFullIsl: true });
      const requests = workload.requests.map((request) => ({ ...request, arrivalNs: 0 }));
      const direct = simulateSteps({ workload: closed(requests, Infinity), policy, cost, engine: "step" });
      const batches = new EngineBatches({ requests, server: policy, cost: cost(), engine: "step" });
      const { endNs, members } = batches.run(batchOf(requests), 0);
      const { log } = direct;
      expect([...batches.log.lastTokenNs]).toEqual([...log.lastTokenNs]);
      expect(members!.map(({ failure }) => failure?.reason)).toEqual(requests.map((_, row) => log.rejections.get(row)));
      expect(members!.map(({ firstTokenNs }) => firstTokenNs ?? NaN)).toEqual([...log.firstTokenNs]);
      expect(endNs).toBe(Math.max(0, ...[...log.lastTokenNs].filter((ns) => !Number.isNaN(ns))));
    }),
    { numRuns: 200 },
  );
});

test("jumping over decodes changes nothing, over many batches on one engine", () => {
  fc.assert(
    fc.property(
      stepWorkloads(),
      tightLimits,
      engineCosts,
      fc.integer({ min: 1, max: 9 }),
      (workload, limits, cost, size) => {
        const settings = { batch_size: size, timeout_s: 0.000001 };
        const noCache = { ...limits, prefixCaching: false, reserveFullIsl: true };
        const [fast, step] = (["fast", "step"] as const).map((engine) =>
          run(workload, { settings, limits: noCache, cost, engine }),
        );
        expect(fast).toEqual(step);
      },
    ),
    { numRuns: 200 },
  );
});
