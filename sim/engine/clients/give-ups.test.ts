/** Clients that give up and try again, in simulations in which every step takes 100 ns. */
import fc from "fast-check";
import { recordsOfTable, type Workload, type WorkloadRequest } from "../../../formats/index.js";
import { noHost, type StepCostModel } from "../../cost/index.js";
import { planPolicy, vllmSchedulers, type SchedulerLimits } from "../../policy/index.js";
import { simulateSteps } from "../simulate-steps.js";
import type { EngineName } from "../step-simulation.js";
import { tableOf } from "../log/step-records.js";
import { roomyLimits } from "../step-scenarios.fixture.js";
import { gpuOnly } from "../steps.conformance.js";

const STEP_NS = 100;
const machine = { totalBytes: 1000, baseBytes: 0, kvBytesPerToken: 1, positions: 100 };

type Wanted = Partial<WorkloadRequest>;

function workload(wanted: readonly Wanted[], rest: Partial<Workload> = {}): Workload {
  const requests = wanted.map((one, index) => ({ id: String(index), promptTokens: 10, outputTokens: 5, ...one }));
  return { requests, maxConcurrency: Infinity, thinkNs: 0, ...rest };
}

function run(load: Workload, change: Partial<SchedulerLimits> = {}, engine: EngineName = "fast", replicas = 1) {
  const cost = (): StepCostModel => ({ ...gpuOnly({ fixedNs: STEP_NS }), host: noHost });
  const policy = vllmSchedulers(roomyLimits(change));
  const { log, giveUps, kvHighWater, busyNs } = simulateSteps({ workload: load, policy, cost, engine, replicas });
  return { records: recordsOfTable(tableOf(log)), giveUps, kvHighWater, busyNs };
}

const short = (load: Workload, change?: Partial<SchedulerLimits>): unknown[] =>
  run(load, change).records.map(({ requestId, status, arrivalNs, firstTokenNs, lastTokenNs, outputTokens, extra }) => [
    requestId,
    status,
    arrivalNs,
    firstTokenNs,
    lastTokenNs,
    outputTokens,
    extra?.aborted_ms,
  ]);

it("a client that waits for its first token leaves the queue, and its place goes to the next one", () => {
  // 5 tokens each, one at a time: 0 ends at 500. 1 gives up at 150, so 2 runs next.
  const load = workload([{ arrivalNs: 0 }, { arrivalNs: 1, ttftPatienceNs: 149 }, { arrivalNs: 2 }]);
  expect(short(load, { maxNumSeqs: 1 })).toEqual([
    ["0", "ok", 0, 100, 500, 5, ""],
    ["1", "aborted", 1, undefined, undefined, 0, "0.00015"],
    ["2", "ok", 2, 600, 1000, 5, ""],
  ]);
});

it("one that gives up within its answer keeps what it has, and its seat is free from the next step on", () => {
  const load = workload([{ arrivalNs: 0, outputTokens: 50, e2elPatienceNs: 250 }, { arrivalNs: 1 }]);
  expect(short(load, { maxNumSeqs: 1 })).toEqual([
    ["0", "aborted", 0, 100, undefined, 2, "0.00025"],
    ["1", "ok", 1, 400, 800, 5, ""],
  ]);
});

it("patience for the first token is over once it is there, and an answer in time is no reason to give up", () => {
  const load = workload([{ arrivalNs: 0, ttftPatienceNs: 101, e2elPatienceNs: 500 }]);
  expect(short(load)).toEqual([["0", "ok", 0, 100, 500, 5, undefined]]);
});

it("a request that ends while its client gives up is given up, whose last step is under way", () => {
  // The step that gives the only token lasts from 0 to 100: the engine is ahead of the client that leaves at 40.
  const load = workload([{ arrivalNs: 0, outputTokens: 1, ttftPatienceNs: 40 }, { arrivalNs: 60 }]);
  expect(short(load, { maxNumSeqs: 1 })).toEqual([
    ["0", "aborted", 0, undefined, undefined, 0, "0.00004"],
    ["1", "ok", 60, 200, 600, 5, ""],
  ]);
});

it("tries again after its pauses, each attempt a request of its own, until there are none left", () => {
  const retries = { most: 2, pausesNs: Float64Array.of(0, 0, 1000, 3000) };
  const load = workload(
    [
      { arrivalNs: 0, outputTokens: 15 },
      { arrivalNs: 0, ttftPatienceNs: 200 },
    ],
    { retries },
  );
  expect(short(load, { maxNumSeqs: 1 })).toEqual([
    ["0", "ok", 0, 100, 1500, 15, ""],
    ["1", "aborted", 0, undefined, undefined, 0, "0.0002"],
    ["1-retry1", "aborted", 1200, undefined, undefined, 0, "0.0014"],
    ["1-retry2", "ok", 4400, 4500, 4900, 5, ""],
  ]);
  expect(run(load, { maxNumSeqs: 1 }).giveUps).toMatchObject({ aborted: 2, retried: 2, unanswered: 0 });
});

it("sends again what the server's queue rejected, but not what it can never serve", () => {
  const retries = { most: 1, pausesNs: Float64Array.of(0, 600, 0) };
  const load = workload([{ arrivalNs: 0 }, { arrivalNs: 1 }, { arrivalNs: 2, promptTokens: 1e6 }], { retries });
  const { records, giveUps } = run(load, { maxNumQueuedReqs: 1 });
  expect(records.map(({ requestId, status }) => [requestId, status])).toEqual([
    ["0", "ok"],
    ["1", "refused"],
    ["1-retry1", "ok"],
    ["2", "refused"],
  ]);
  expect(giveUps).toMatchObject({ aborted: 0, retried: 1, unanswered: 1 });
});

it("a closed loop goes on when a client gives up for good", () => {
  const load = workload([{ e2elPatienceNs: 250, outputTokens: 50 }, {}], { maxConcurrency: 1, thinkNs: 30 });
  expect(short(load)).toEqual([
    ["0", "aborted", 0, 100, undefined, 2, "0.00025"],
    ["1", "ok", 280, 400, 800, 5, ""],
  ]);
});

it("counts what was computed for those that gave up, and their share of the GPU's time", () => {
  // Steps of both: the prompts, then four decodes; 0 leaves after the third step is under way.
  const load = workload([{ arrivalNs: 0, e2elPatienceNs: 250 }, { arrivalNs: 0 }]);
  const { giveUps, busyNs } = run(load);
  expect(giveUps).toEqual({
    aborted: 1,
    aborted_before_first_token: 0,
    aborted_in_answer: 1,
    retried: 0,
    unanswered: 1,
    wasted_prompt_tokens: 10,
    wasted_output_tokens: 3,
    wasted_gpu_share: 150 / 500,
  });
  expect(busyNs).toBe(500);
});

const nanoseconds = fc.integer({ min: 1, max: 3000 });
const wanted = fc.record(
  {
    arrivalNs: fc.nat(2000),
    promptTokens: fc.integer({ min: 1, max: 40 }),
    outputTokens: fc.integer({ min: 1, max: 20 }),
    ttftPatienceNs: nanoseconds,
    e2elPatienceNs: nanoseconds,
  },
  { requiredKeys: ["arrivalNs", "promptTokens", "outputTokens"] },
);
const loads = fc
  .record({ requests: fc.array(wanted, { minLength: 1, maxLength: 12 }), most: fc.nat(2), clients: fc.nat(4) })
  .map(({ requests, most, clients }) => {
    const pausesNs = Float64Array.from({ length: most * requests.length }, (_, at) => 37 * (at % 9));
    const ordered = [...requests].sort((a, b) => a.arrivalNs - b.arrivalNs);
    const retries = most === 0 ? {} : { retries: { most, pausesNs } };
    return workload(ordered, { ...retries, maxConcurrency: clients === 0 ? Infinity : clients });
  });
const changes = fc.record({
  maxNumSeqs: fc.integer({ min: 1, max: 4 }),
  asyncScheduling: fc.boolean(),
  prefixCaching: fc.boolean(),
  numGpuBlocks: fc.integer({ min: 8, max: 40 }),
  maxNumBatchedTokens: fc.integer({ min: 8, max: 64 }),
});

it("every request ends once and in time, whatever comes, and both engines give the same", () => {
  fc.assert(
    fc.property(loads, changes, fc.integer({ min: 1, max: 2 }), (load, change, replicas) => {
      const fast = run(load, change, "fast", replicas);
      expect(run(load, change, "step", replicas)).toEqual(fast);
      const byId = new Map(load.requests.map((request) => [request.id, request]));
      for (const { requestId, status, sentNs, firstTokenNs, lastTokenNs, outputTokens, extra } of fast.records) {
        const request = byId.get(requestId.replace(/-retry\d+$/, ""))!;
        const { ttftPatienceNs = Infinity, e2elPatienceNs = Infinity } = request;
        if (status === "ok") {
          expect(outputTokens).toBe(request.outputTokens);
          expect(firstTokenNs! - sentNs!).toBeLessThanOrEqual(ttftPatienceNs);
          expect(lastTokenNs! - sentNs!).toBeLessThanOrEqual(e2elPatienceNs);
        } else if (status === "aborted") {
          const waitedNs = Math.round(Number(extra!.aborted_ms) * 1e6) - sentNs!;
          expect([ttftPatienceNs, e2elPatienceNs]).toContain(waitedNs);
          expect(outputTokens).toBeLessThan(request.outputTokens);
          expect(outputTokens === 0).toBe(firstTokenNs === undefined);
        }
      }
    }),
    { numRuns: 60, seed: 19 },
  );
});

it("orca frees the memory of what was given up, running or waiting", () => {
  const plan = planPolicy("orca", { max_num_seqs: 2, max_model_len: 100, kv_cache_tokens: 30 }, { source: "test" });
  if (plan.work !== "step") throw new Error("orca runs steps");
  const policy = plan.create(machine);
  const cost = (): StepCostModel => ({ ...gpuOnly({ fixedNs: STEP_NS }), host: noHost });
  const load = workload([
    { arrivalNs: 0, e2elPatienceNs: 150 },
    { arrivalNs: 0, ttftPatienceNs: 150, promptTokens: 20 },
    { arrivalNs: 0 },
    { arrivalNs: 0 },
  ]);
  const { log } = simulateSteps({ workload: load, policy, cost, engine: "fast" });
  expect(recordsOfTable(tableOf(log)).map(({ status, lastTokenNs }) => [status, lastTokenNs])).toEqual([
    ["aborted", undefined],
    ["aborted", undefined],
    ["ok", 700],
    ["ok", 700],
  ]);
});
