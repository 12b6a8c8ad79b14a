import { stream } from "../kernel/index.js";
import { meanOf, normalProbability, sampledVariation } from "./sampled-variation.js";

const quantiles: [number, number][] = [
  [0, 0.5],
  [0.5, 0.9],
  [0.9, 1.5],
  [1, 4],
];

function draws(autocorrelation: number, count: number): number[] {
  const draw = sampledVariation({ quantiles, autocorrelation }, stream(`test/${autocorrelation}`));
  return Array.from({ length: count }, draw);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test("the mean of piecewise linear quantiles is the area under them", () => {
  // 0.5 x 0.7 + 0.4 x 1.2 + 0.1 x 2.75
  expect(meanOf(quantiles)).toBeCloseTo(1.105, 12);
});

test.each([0, 0.6])("draws have mean 1 and the given quantiles, with autocorrelation %p", (autocorrelation) => {
  const values = draws(autocorrelation, 200_000);
  expect(mean(values)).toBeCloseTo(1, 1.9);
  const sorted = Float64Array.from(values).sort();
  expect(sorted[100_000]! * 1.105).toBeCloseTo(0.9, 1.5);
  expect(sorted[180_000]! * 1.105).toBeCloseTo(1.5, 1.5);
});

test("neighbouring draws resemble each other as much as asked, and not at all when not asked", () => {
  const correlation = (values: readonly number[]): number => {
    const level = mean(values);
    const pairs = values.slice(1).map((value, at) => (value - level) * (values[at]! - level));
    return mean(pairs) / mean(values.map((value) => (value - level) ** 2));
  };
  expect(Math.abs(correlation(draws(0, 50_000)))).toBeLessThan(0.03);
  expect(correlation(draws(0.8, 50_000))).toBeGreaterThan(0.5);
});

test("the normal distribution function is that of the tables", () => {
  expect(normalProbability(0)).toBeCloseTo(0.5, 7);
  expect(normalProbability(1.959964)).toBeCloseTo(0.975, 6);
  expect(normalProbability(-1)).toBeCloseTo(0.158655, 6);
});
