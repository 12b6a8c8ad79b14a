/** Limits on what may wait for a server, in simulations in which every step takes 100 ns. */
import type { Workload } from "../../../formats/index.js";
import { noHost, type StepCostModel } from "../../cost/index.js";
import { rulesOf, vllmSchedulers, type SchedulerLimits } from "../../policy/index.js";
import { simulateSteps } from "../simulate-steps.js";
import type { EngineName } from "../step-simulation.js";
import { recordsOf } from "../log/step-records.js";
import { roomyLimits } from "../step-scenarios.fixture.js";
import { gpuOnly } from "../steps.conformance.js";

const STEP_NS = 100;

type Length = readonly [arrivalNs: number | undefined, promptTokens: number, outputTokens: number];

function workload(lengths: readonly Length[], maxConcurrency = Infinity): Workload {
  const requests = lengths.map(([arrivalNs, promptTokens, outputTokens], index) => {
    return { id: String(index), promptTokens, outputTokens, ...(arrivalNs === undefined ? {} : { arrivalNs }) };
  });
  return { requests, maxConcurrency, thinkNs: 0 };
}

/** Of each request its time of sending and, where it was rejected, why. */
function run(
  load: Workload,
  engine: EngineName,
  change: Partial<SchedulerLimits>,
  replicas = 1,
): [sentNs: number | undefined, rejected: string | undefined][] {
  const cost = (): StepCostModel => ({ ...gpuOnly({ fixedNs: STEP_NS }), host: noHost });
  const result = simulateSteps({ workload: load, policy: vllmSchedulers(roomyLimits(change)), cost, engine, replicas });
  return recordsOf(result.log).map(({ sentNs, error }) => [sentNs, error]);
}

describe.each<EngineName>(["fast", "step"])("a server simulated by the engine %s", (engine) => {
  const BEYOND = "HTTP 503: 2 requests are unfinished, max_num_queued_reqs is 2";

  it("rejects a request beyond max_num_queued_reqs unfinished ones, running or waiting", () => {
    // 5 tokens each: 0 and 1 run one after the other and end at 500 and 1000, 3 takes the place of 0.
    const load = workload([
      [0, 10, 5],
      [0, 10, 5],
      [499, 10, 5],
      [501, 10, 5],
      [502, 10, 5],
    ]);
    expect(run(load, engine, { maxNumQueuedReqs: 2, maxNumSeqs: 1 })).toEqual([
      [0, undefined],
      [0, undefined],
      [499, BEYOND],
      [501, undefined],
      [502, BEYOND],
    ]);
  });

  it("frees a client of a closed loop at once when it rejects its request, and goes on with those there are", () => {
    // Two are let in. The third client's requests are rejected at once, all that are left: nobody waits in between.
    const load = workload(
      Array.from({ length: 5 }, () => [undefined, 10, 5]),
      3,
    );
    const told = run(load, engine, { maxNumQueuedReqs: 2 });
    expect(told.map(([sentNs]) => sentNs)).toEqual([0, 0, 0, 0, 0]);
    expect(told.map(([, rejected]) => rejected)).toEqual([undefined, undefined, BEYOND, BEYOND, BEYOND]);
  });

  it("accepts a closed loop of as many clients as it allows: an answer makes room for the next request", () => {
    const load = workload(
      Array.from({ length: 6 }, () => [undefined, 10, 5]),
      2,
    );
    expect(run(load, engine, { maxNumQueuedReqs: 2 }).filter(([, rejected]) => rejected !== undefined)).toEqual([]);
  });

  it("rejects while max_num_queued_tokens prompt tokens or more wait for a first token, the new prompt not counted", () => {
    // A budget of 10 tokens: 0 has its first token at 300, 1 at 500. However long, a prompt passes an empty queue.
    const load = workload([
      [0, 30, 5],
      [1, 18, 5],
      [2, 1, 5],
      [299, 1, 5],
      [301, 1, 5],
    ]);
    expect(run(load, engine, { maxNumQueuedTokens: 40, maxNumBatchedTokens: 10 })).toEqual([
      [0, undefined],
      [1, undefined],
      [2, "HTTP 503: 48 prompt tokens wait for a first token, max_num_queued_tokens is 40"],
      [299, "HTTP 503: 48 prompt tokens wait for a first token, max_num_queued_tokens is 40"],
      [301, undefined],
    ]);
  });

  it("counts what it has itself, not what other replicas have", () => {
    const load = workload(Array.from({ length: 5 }, () => [0, 10, 5]));
    const rejected = run(load, engine, { maxNumQueuedReqs: 2 }, 2).map(([, reason]) => reason !== undefined);
    expect(rejected).toEqual([false, false, false, false, true]);
  });

  it("says first of a request that it could never serve it", () => {
    const load = workload([
      [0, 10, 5],
      [0, 300, 5],
    ]);
    const told = run(load, engine, { maxNumQueuedReqs: 1, maxModelLen: 100, rules: rulesOf("0.32.0") });
    expect(told[1]![1]).toBe("305 tokens of prompt and output exceed max_model_len 100");
  });
});
