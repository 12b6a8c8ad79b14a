/** Data parallel engines behind one front end. */
import fc from "fast-check";
import type { Workload } from "../../../formats/index.js";
import { jointStep, type StepCostModel, type StepShape } from "../../cost/index.js";
import { dataParallelRules, vllmSchedulers, type DataParallel, type StepSchedulers } from "../../policy/index.js";
import { simulateSteps, type StepSimulationResult } from "../simulate-steps.js";
import { recordsOf } from "../log/step-records.js";
import { engineCosts, roomyLimits, stepWorkloads, tightLimits } from "../step-scenarios.fixture.js";
import { gpuOnly } from "../steps.conformance.js";

const RUNS = { numRuns: 60, seed: 20_261_126, endOnFailure: true };

function parallel(ranks: number, isLockstep: boolean, version = "0.32.0"): DataParallel {
  return { ranks, isLockstep, rules: dataParallelRules(version) };
}

const policies = tightLimits.map((drawn) =>
  vllmSchedulers({ ...drawn, reserveFullIsl: true, schedulingPolicy: "fcfs" }),
);
const scenarios = fc.record({
  workload: stepWorkloads(30),
  policy: policies,
  cost: engineCosts,
  replicas: fc.constantFrom(1, 1, 2),
});

const parallels = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.boolean(), fc.constantFrom("0.19.0", "0.32.0"))
  .map((drawn) => parallel(...drawn));

/** All that a run says, without the rank of each request where it is left out. */
function told({ log, ...facts }: StepSimulationResult, withRanks = true): unknown {
  const records = recordsOf(log).map(({ extra, ...record }) => {
    const { rank, ...others } = extra ?? {};
    return { ...record, ...others, ...(withRanks ? { rank } : {}) };
  });
  return { records, gaps: [log.gaps.gaps, log.gaps.describe()], ...facts };
}

it("one rank of a dense model is an engine by itself", () => {
  fc.assert(
    fc.property(scenarios, ({ policy, ...rest }) => {
      const run = (of: StepSchedulers): unknown => told(simulateSteps({ ...rest, policy: of, engine: "step" }), false);
      expect(run({ ...policy, dataParallel: parallel(1, false) })).toEqual(run(policy));
    }),
    RUNS,
  );
});

it("ends every request once with all its tokens, by either engine the same", () => {
  fc.assert(
    fc.property(scenarios, parallels, ({ policy, ...rest }, dataParallel) => {
      const of = { ...rest, policy: { ...policy, dataParallel } };
      const [fast, step] = (["fast", "step"] as const).map((engine) => told(simulateSteps({ ...of, engine })));
      expect(fast).toEqual(step);
    }),
    RUNS,
  );
});

function atOnce(outputs: readonly number[], arrivalsNs: readonly number[] = []): Workload {
  return {
    requests: outputs.map((outputTokens, index) => ({
      id: String(index),
      promptTokens: 8,
      outputTokens,
      arrivalNs: arrivalsNs[index] ?? 0,
    })),
    maxConcurrency: Infinity,
    thinkNs: 0,
  };
}

function lastsOf(workload: Workload, isLockstep: boolean, cost: StepCostModel): number[] {
  const policy = { ...vllmSchedulers(roomyLimits()), dataParallel: parallel(2, isLockstep, "0.19.0") };
  const { log } = simulateSteps({ workload, policy, cost: () => cost, engine: "fast" });
  return [...log.lastTokenNs];
}

describe("in lockstep", () => {
  const cost = gpuOnly({ fixedNs: 1000, perRequestNs: 10 });

  it("a step takes as long as that of the busiest rank", () => {
    // Three requests on rank 0, 1, 0: steps of two and one request, 1020 ns for both.
    expect(lastsOf(atOnce([2, 2, 2]), true, cost)).toEqual([2040, 2040, 2040]);
    expect(lastsOf(atOnce([2, 2, 2]), false, cost)).toEqual([2040, 2020, 2040]);
  });

  it("an idle rank takes steps for nobody, and a request that comes to it waits for those that it has launched", () => {
    // Rank 0 decodes; rank 1 gets a request in the middle of the second step, when it waits to launch the third.
    const [, last] = lastsOf(atOnce([10, 1], [0, 1500]), true, cost);
    expect(last).toBe(1010 * 4);
    expect(lastsOf(atOnce([10, 1], [0, 1500]), false, cost)[1]).toBe(1500 + 1010);
  });

  it("ranks pause together after 32 steps without work: the last of the wave ends before a request is served", () => {
    const early = lastsOf(atOnce([1, 1], [0, 5000]), true, cost)[1]!;
    // Steps of 1010 ns, one after the other.
    expect(early % 1010).toBe(0);
    const late = 40 * 1010;
    expect(lastsOf(atOnce([1, 1], [0, late]), true, cost)[1]).toBe(late + 1010);
  });
});

describe("a joint step", () => {
  const decodes = (requests: number, context: number): StepShape => ({
    scheduledRequests: requests,
    scheduledTokens: requests,
    decodeRequests: requests,
    decodeContextTokens: context,
    prefillRequests: 0,
    prefillTokens: 0,
    prefillContextTokens: 0,
    prefillAttentionPairs: 0,
  });

  it("is of the busiest rank's size, and of all ranks' tokens for the experts", () => {
    expect(jointStep([decodes(5, 900), decodes(3, 1000)])).toMatchObject({
      scheduledTokens: 5,
      decodeContextTokens: 1000,
      prefillTokens: 0,
      ranks: { count: 2, tokens: 8 },
    });
  });

  it("prefills where one rank does, and counts a token for a rank without work", () => {
    const prefill = { ...decodes(1, 0), scheduledTokens: 70, decodeRequests: 0, prefillRequests: 1, prefillTokens: 70 };
    expect(jointStep([prefill, undefined])).toMatchObject({
      scheduledTokens: 70,
      prefillTokens: 70,
      ranks: { count: 2, tokens: 71 },
    });
  });
});
