/** Policies of whole batches on the virtual clock: against queueing theory, and their clients. */
import type { RequestRecord, WorkloadRequest } from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";
import { planBatchPolicy, type Policy } from "../../policy/index.js";
import { affineCost } from "../../policy/policy.conformance.js";
import { arrivalTimesNs } from "../../workload/index.js";
import { simulate, type SimulationResult } from "../index.js";

const BATCH_NS = 100_000_000;
const machine = { totalBytes: 1e9, baseBytes: 0, kvBytesPerToken: 1e3, positions: 4096 };

function policy(name: string, settings: object = {}): Policy {
  return planBatchPolicy(name, settings, { source: "scene" }).create(machine);
}

/** One request at a time. */
function single(): Policy {
  return policy("naive", { batch_size: 1, timeout_s: 0 });
}

function requests(count: number, arrivalsNs?: readonly number[]): WorkloadRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const arrival = arrivalsNs === undefined ? {} : { arrivalNs: arrivalsNs[index]! };
    return { id: String(index), promptTokens: 10, outputTokens: 1, ...arrival };
  });
}

/** A Poisson stream that loads a single server to `load`. */
function poisson(load: number, count: number): SimulationResult {
  const process = { ratePerS: (load / BATCH_NS) * 1e9, burstiness: 1, kind: "gamma" } as const;
  const arrivalsNs = arrivalTimesNs(count, process, stream("theory/0/arrivals"));
  return simulate({
    workload: { requests: requests(count, arrivalsNs), maxConcurrency: Infinity, thinkNs: 0 },
    policy: single(),
    cost: affineCost({ fixedNs: BATCH_NS }),
  });
}

/** [time, requests outstanding from then on], one entry an instant. */
function outstanding(records: readonly RequestRecord[]): [number, number][] {
  const change = new Map<number, number>();
  for (const { sentNs, lastTokenNs } of records) {
    change.set(sentNs!, (change.get(sentNs!) ?? 0) + 1);
    change.set(lastTokenNs!, (change.get(lastTokenNs!) ?? 0) - 1);
  }
  let now = 0;
  return [...change].sort(([a], [b]) => a - b).map(([timeNs, by]) => [timeNs, (now += by)]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("a single server under a Poisson stream", () => {
  it.each([0.3, 0.6, 0.8])("at load %p queues as Pollaczek and Khinchine say of M/D/1", (load) => {
    const { requests: records } = poisson(load, 100_000);
    const queueNs = mean(records.map(({ arrivalNs, scheduledNs }) => scheduledNs! - arrivalNs));
    const expectedNs = (load * BATCH_NS) / (2 * (1 - load));
    expect(Math.abs(queueNs / expectedNs - 1)).toBeLessThan(0.05);
  });

  it("obeys Little's law: mean number in the system = arrival rate x mean time in it", () => {
    const { requests: records } = poisson(0.7, 20_000);
    const levels = outstanding(records);
    const endNs = levels.at(-1)![0];
    const area = levels.reduce(
      (sum, [fromNs, level], at) => sum + level * ((levels[at + 1]?.[0] ?? endNs) - fromNs),
      0,
    );
    const sojournNs = mean(records.map(({ arrivalNs, lastTokenNs }) => lastTokenNs! - arrivalNs));
    expect(area / endNs / ((records.length / endNs) * sojournNs)).toBeCloseTo(1, 9);
  });

  it("is busy for the sum of its batches, which never overlap", () => {
    const { batches, busyNs } = poisson(0.7, 5_000);
    expect(busyNs).toBe(batches.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0));
    expect(busyNs).toBe(5_000 * BATCH_NS);
    expect(batches.filter(({ startNs }, at) => at > 0 && startNs < batches[at - 1]!.endNs)).toEqual([]);
  });
});

describe("a closed loop", () => {
  it.each(["naive", "dynamic"])(
    "keeps exactly its concurrency outstanding under %s while requests are left",
    (name) => {
      const { requests: records } = simulate({
        workload: { requests: requests(60), maxConcurrency: 7, thinkNs: 0 },
        policy: policy(name),
        cost: affineCost({ fixedNs: BATCH_NS, perRowNs: 1_000_000 }),
      });
      const lastSentNs = Math.max(...records.map(({ sentNs }) => sentNs!));
      // At the last send itself more may have ended than are left to send.
      const levels = outstanding(records).filter(([timeNs]) => timeNs < lastSentNs);
      expect(levels.length).toBeGreaterThan(2);
      expect([...new Set(levels.map(([, level]) => level))]).toEqual([7]);
    },
  );

  it("thinks between an answer and the next request", () => {
    const { requests: records } = simulate({
      workload: { requests: requests(3), maxConcurrency: 1, thinkNs: 40_000_000 },
      policy: single(),
      cost: affineCost({ fixedNs: BATCH_NS }),
    });
    // 0 to 100, think until 140, to 240, think until 280.
    expect(records.map(({ arrivalNs }) => arrivalNs / 1e6)).toEqual([0, 140, 280]);
    expect(records.map(({ sentNs }) => sentNs! / 1e6)).toEqual([0, 140, 280]);
  });

  it("with arrival times sends at the later of arrival and free slot, and counts from the arrival", () => {
    const { requests: records } = simulate({
      workload: { requests: requests(3, [0, 10e6, 300e6]), maxConcurrency: 1, thinkNs: 0 },
      policy: single(),
      cost: affineCost({ fixedNs: BATCH_NS }),
    });
    expect(records.map(({ arrivalNs }) => arrivalNs / 1e6)).toEqual([0, 10, 300]);
    expect(records.map(({ sentNs }) => sentNs! / 1e6)).toEqual([0, 100, 300]);
  });

  it("sends the next request when one is rejected", () => {
    const served = single();
    const { requests: records } = simulate({
      workload: { requests: requests(5), maxConcurrency: 1, thinkNs: 0 },
      policy: {
        isFifo: true,
        maxIdleNs: Infinity,
        arrived: (request, nowNs) => (request.index < 4 ? "too long" : served.arrived(request, nowNs)),
        decide: (nowNs) => served.decide(nowNs),
        finished: (work, nowNs, feedback) => served.finished(work, nowNs, feedback),
      },
      cost: affineCost({ fixedNs: BATCH_NS }),
    });
    expect(records.map(({ status }) => status)).toEqual(["refused", "refused", "refused", "refused", "ok"]);
    expect(records.map(({ error }) => error)).toEqual(["too long", "too long", "too long", "too long", undefined]);
    expect(records.at(-1)).toMatchObject({ sentNs: 0, lastTokenNs: BATCH_NS });
  });
});

describe("a simulation of batches", () => {
  it("has nothing to do for a workload without requests", () => {
    const result = simulate({
      workload: { requests: [], maxConcurrency: Infinity, thinkNs: 0 },
      policy: single(),
      cost: affineCost({ fixedNs: BATCH_NS }),
    });
    expect(result).toEqual({ requests: [], batches: [], busyNs: 0 });
  });

  it("gives static batches their first token at the prefill's end and the answer at the batch's", () => {
    const [request] = simulate({
      workload: { requests: [{ id: "a", promptTokens: 10, outputTokens: 4 }], maxConcurrency: 1, thinkNs: 0 },
      policy: single(),
      cost: affineCost({ fixedNs: 1000, perTokenNs: 50 }),
    }).requests;
    // Prefill 1000 + 50 * 10, then three steps of 1000.
    expect(request).toMatchObject({ scheduledNs: 0, firstTokenNs: 1500, lastTokenNs: 4500, outputTokens: 4 });
  });

  it("finds out when a policy forgets requests", () => {
    const forgetful: Policy = {
      ...single(),
      arrived: () => undefined,
      decide: () => ({ kind: "wait", untilNs: Infinity }),
    };
    const workload = { requests: requests(2), maxConcurrency: Infinity, thinkNs: 0 };
    const run = () => simulate({ workload, policy: forgetful, cost: affineCost({ fixedNs: 1 }) });
    expect(run).toThrow("2 requests have not ended");
  });

  it("finds out when a policy asks to be asked again at once", () => {
    const restless: Policy = { ...single(), decide: (nowNs) => ({ kind: "wait", untilNs: nowNs }) };
    const workload = { requests: requests(1), maxConcurrency: Infinity, thinkNs: 0 };
    const run = () => simulate({ workload, policy: restless, cost: affineCost({ fixedNs: 1 }) });
    expect(run).toThrow("asked at 0 ns to be asked again at 0 ns");
  });
});
