import { stream } from "../../../sim/kernel/index.js";
import { toCells, type Measurement } from "../../fit/index.js";
import { nextRepeats, medianHalfWidth, medianInterval } from "./next-repeats.js";
import type { GridPlan } from "../plan.js";

const plan: GridPlan = {
  model: "tiny",
  device: "cpu",
  batchSizes: [1],
  promptTokens: [4, 8],
  decodeSteps: [2],
  repeats: 3,
  maxRepeats: 8,
  steps: false,
  seed: "1",
};
const repeatsOf = (promptTokens: number, wallsNs: readonly number[]): Measurement[] =>
  wallsNs.map((wallNs, rep) => {
    const shape = { batchSize: 1, promptTokens, decodeSteps: 2 };
    const times = { prefillNs: wallNs / 2, decodeNs: wallNs / 2, wallNs, dispatchNs: 0, peakRssBytes: 1 };
    return { ...shape, ...times, kind: "grid" as const, rep, order: rep };
  });
const asked = (measurements: readonly Measurement[], most = Infinity) =>
  nextRepeats(toCells(measurements), plan, most).map(({ shape, rep }) => [shape.promptTokens, rep]);

test("repeats that agree need no more", () => {
  expect(asked(repeatsOf(4, [100, 104, 112]))).toEqual([]);
});

test("a shape whose repeats disagree gets one more, the widest first when not all may", () => {
  const measurements = [...repeatsOf(4, [100, 150, 160]), ...repeatsOf(8, [100, 101, 140])];
  expect(asked(measurements).sort()).toEqual([
    [4, 3],
    [8, 3],
  ]);
  expect(asked(measurements, 1)).toEqual([[4, 3]]);
  expect(asked(measurements, 0)).toEqual([]);
});

test("one outlier among eight repeats is no longer held against a shape", () => {
  expect(asked(repeatsOf(4, [100, 101, 300, 102, 100, 101, 103]))).toEqual([[4, 7]]);
  expect(asked(repeatsOf(4, [100, 101, 300, 102, 100, 101, 103, 100]))).toEqual([]);
});

test("a shape that stays uncertain stops at the cap", () => {
  expect(asked(repeatsOf(4, [100, 200, 300, 400, 100, 200, 300, 400]))).toEqual([]);
});

test("fewer than five values give their range, with the coverage it has", () => {
  expect(medianInterval([3, 1, 2])).toEqual({ low: 1, high: 3, coverage: 0.75 });
  expect(medianInterval([5, 1, 2, 3, 4])).toEqual({ low: 1, high: 5, coverage: 0.9375 });
});

test("eight values let the outermost on either side go, as the binomial table says", () => {
  const { low, high, coverage } = medianInterval([1, 2, 3, 4, 5, 6, 7, 100]);
  expect([low, high]).toEqual([2, 7]);
  expect(coverage).toBeCloseTo(0.9297, 4);
});

test("the interval holds the median of a skewed distribution as often as it says", () => {
  const random = stream("median-interval");
  const trials = 4000;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { low, high } = medianInterval(Array.from({ length: 12 }, () => -Math.log(1 - random())));
    if (low <= Math.LN2 && Math.LN2 <= high) held++;
  }
  expect(held / trials).toBeCloseTo(medianInterval(Array.from({ length: 12 }, (_, i) => i)).coverage, 1);
});

test("the half width is a fraction of the middle, and one value is no interval", () => {
  expect(medianHalfWidth([90, 100, 110])).toBeCloseTo(0.1);
  expect(medianHalfWidth([5])).toBe(Infinity);
});
