/** Steps at their measured costs: by hand, against the law of decodes, and through the engine loop. */
import type { StepCosts } from "../../formats/index.js";
import { extrapolationOf } from "./range-use.js";
import { MeasuredStepCost } from "./measured-step-cost.js";
import { measuredSteps as steps } from "./measured-steps.fixture.js";
import { stepShape } from "./step-shape.fixture.js";

function priced(change: Partial<StepCosts> = {}, jitterStream?: string, coldStart = false): MeasuredStepCost {
  return new MeasuredStepCost({ ...steps, ...change }, { coldStart, jitterStream });
}

// dense 10000 a run + 100 a token, output 5000 a run + 50 a request, decode 1 a context token, prefill 300 a chunk + 2 a pair,
// move 20 a slot + 3 a token.
test.each([
  ["decodes", stepShape(2, 20), 10_000 + 200 + 5000 + 100 + 20],
  ["a prompt", stepShape(0, 0, [10]), 10_000 + 1000 + 5000 + 50 + 300 + 110],
  ["a chunk whose request gets no token", stepShape(0, 0, [10], 0), 10_000 + 1000 + 300 + 110],
  [
    "decodes and a prompt, in one run, with a slot moved",
    stepShape(2, 20, [10]),
    10_000 + 1200 + 5000 + 150 + 20 + 410 + 50,
  ],
  ["three prompts, in two runs", stepShape(0, 0, [1, 1, 1]), 2 * 15_000 + 300 + 150 + 900 + 6],
])("a step of %s costs what its parts do", (_, shape, ns) => {
  expect(priced().gpuNs(shape)).toBe(ns);
});

test("a prompt's last token over a context runs with the decodes", () => {
  const rest = { ...stepShape(2, 20), scheduledRequests: 3, scheduledTokens: 3, prefillRequests: 1, prefillTokens: 1 };
  const shape = { ...rest, prefillContextTokens: 7, prefillAttentionPairs: 8, promptRests: 1 };
  expect(priced().gpuNs(shape)).toBe(10_000 + 300 + 5000 + 150 + 27);
});

test("the host takes its time before and after a step, and no launch", () => {
  const { host } = priced();
  const shape = stepShape(3, 30);
  expect([host.scheduleNs(shape, 0), host.launchNs(shape, 0), host.updateNs(3, 0), host.copyNs]).toEqual([
    430, 0, 260, 0,
  ]);
});

test("the first step pays the cold start, where that is asked for", () => {
  const cost = priced({}, undefined, true);
  expect([cost.gpuNs(stepShape(1, 0)), cost.gpuNs(stepShape(1, 0))]).toEqual([15_150 + 7e6, 15_150]);
});

test("a law of decodes says what each step costs", () => {
  const cost = priced();
  const { firstNs, incrementNs, steps: count } = cost.decodeLaw(4, 100);
  expect([firstNs, incrementNs, count]).toEqual([15_000 + 600 + 100, 4, Infinity]);
  expect(cost.gpuNs(stepShape(4, 104))).toBe(firstNs + incrementNs);
});

test("drawn times vary about their mean, the same for the same stream", () => {
  const drawn = (name: string): number[] => {
    const cost = priced({}, name);
    return Array.from({ length: 4000 }, () => cost.gpuNs(stepShape(2, 20)));
  };
  const times = drawn("a");
  expect(times).toEqual(drawn("a"));
  expect(times).not.toEqual(drawn("b"));
  expect(times.reduce((sum, ns) => sum + ns, 0) / times.length / 15_320).toBeCloseTo(1, 2);
});

test("what lies beyond the measured range is reported", () => {
  const cost = priced();
  cost.gpuNs(stepShape(9, 90));
  expect(extrapolationOf([cost]).of).toMatchObject([{ quantity: "batch", side: "above", measured_to: 8, asked: 9 }]);
});
