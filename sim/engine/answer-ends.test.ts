/** Answers that end by themselves, below a limit that the server knows, in simulations in which every step takes 100 ns. */
import fc from "fast-check";
import { recordsOfTable, type Workload, type WorkloadRequest } from "../../formats/index.js";
import { noHost, type StepCostModel } from "../cost/index.js";
import { planPolicy, vllmSchedulers, type SchedulerLimits, type StepSchedulers } from "../policy/index.js";
import { simulateSteps } from "./simulate-steps.js";
import type { EngineName } from "./step-simulation.js";
import { tableOf } from "./log/step-records.js";
import { roomyLimits } from "./step-scenarios.fixture.js";
import { gpuOnly } from "./steps.conformance.js";

function run(wanted: readonly Partial<WorkloadRequest>[], policy: StepSchedulers, engine: EngineName = "fast") {
  const requests = wanted.map((one, index) => ({ id: String(index), promptTokens: 10, outputTokens: 5, ...one }));
  const workload: Workload = { requests, maxConcurrency: Infinity, thinkNs: 0 };
  const cost = (): StepCostModel => ({ ...gpuOnly({ fixedNs: 100 }), host: noHost });
  const { log, steps, jumpedSteps, busyNs } = simulateSteps({ workload, policy, cost, engine });
  return { records: recordsOfTable(tableOf(log)), steps, jumpedSteps, busyNs };
}

const vllm = (change: Partial<SchedulerLimits> = {}): StepSchedulers => vllmSchedulers(roomyLimits(change));

it("with two steps in flight, one more is under way when an answer ends that the server could not foresee", () => {
  const busyNs = (maxTokens: object, asyncScheduling: boolean): number =>
    run([{ arrivalNs: 0, ...maxTokens }], vllm({ asyncScheduling })).busyNs;
  expect(busyNs({}, true)).toBe(500);
  expect(busyNs({ maxTokens: 5 }, true)).toBe(500);
  expect(busyNs({ maxTokens: 9 }, true)).toBe(600);
  expect(busyNs({ maxTokens: 9 }, false)).toBe(500);
});

it("a limit beyond the context is rejected; without a limit an answer may take what the context holds", () => {
  const requests = [
    { arrivalNs: 0, maxTokens: 91 },
    { arrivalNs: 0, maxTokens: Infinity },
  ];
  const { records } = run(requests, vllm({ maxModelLen: 100 }));
  expect(records.map(({ status, outputTokens }) => [status, outputTokens])).toEqual([
    ["refused", 0],
    ["ok", 5],
  ]);
  expect(records[0]!.error).toBe("101 tokens of prompt and max_tokens exceed max_model_len 100");
});

it("orca reserves memory for the limit, so that fewer run at once", () => {
  const machine = { totalBytes: 1000, baseBytes: 0, kvBytesPerToken: 1, positions: 100 };
  const plan = planPolicy("orca", { max_num_seqs: 8, max_model_len: 50, kv_cache_tokens: 60 }, { source: "test" });
  if (plan.work !== "step") throw new Error("orca runs steps");
  const ends = (maxTokens: number): (number | undefined)[] =>
    run(
      [0, 1, 2].map(() => ({ arrivalNs: 0, maxTokens })),
      plan.create(machine),
    ).records.map((one) => one.lastTokenNs);
  expect(ends(5)).toEqual([500, 500, 500]);
  expect(ends(20)).toEqual([500, 500, 1000]);
  expect(ends(Infinity)).toEqual([500, 1000, 1500]);
});

const wanted = fc
  .record({
    arrivalNs: fc.nat(3000),
    promptTokens: fc.integer({ min: 1, max: 40 }),
    outputTokens: fc.integer({ min: 1, max: 60 }),
    maxTokens: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
  })
  .map(({ maxTokens, ...request }) => ({
    ...request,
    ...(maxTokens === undefined ? {} : { maxTokens: Math.max(maxTokens, request.outputTokens) }),
  }));

it("both engines give the same, and every answer has its own length", () => {
  let jumped = 0;
  fc.assert(
    fc.property(
      fc.array(wanted, { minLength: 1, maxLength: 10 }),
      fc.record({
        maxNumSeqs: fc.integer({ min: 1, max: 6 }),
        asyncScheduling: fc.boolean(),
        prefixCaching: fc.boolean(),
        numGpuBlocks: fc.integer({ min: 10, max: 40 }),
      }),
      (requests, change) => {
        const ordered = [...requests].sort((a, b) => a.arrivalNs - b.arrivalNs);
        const fast = run(ordered, vllm(change), "fast");
        const step = run(ordered, vllm(change), "step");
        expect(fast.records).toEqual(step.records);
        expect(fast.steps).toBe(step.steps);
        jumped += fast.jumpedSteps;
        for (const [at, { status, outputTokens }] of fast.records.entries()) {
          if (status === "ok") expect(outputTokens).toBe(ordered[at]!.outputTokens);
        }
      },
    ),
    { numRuns: 60, seed: 5 },
  );
  expect(jumped).toBeGreaterThan(0);
});
