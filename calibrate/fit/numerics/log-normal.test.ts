import { meanOf } from "../../../sim/index.js";
import { logNormalVariation, normalQuantile } from "./log-normal.js";

test("normal quantiles are those of the tables", () => {
  const table = [
    [0.5, 0],
    [0.75, 0.67449],
    [0.95, 1.644854],
    [0.99, 2.326348],
    [0.001, -3.090232],
  ] as const;
  for (const [p, score] of table) expect(Math.abs(normalQuantile(p) - score)).toBeLessThan(4.5e-4);
});

test("a log-normal time has its median at 1 and its mean above, by half the variance of its logarithm", () => {
  const { quantiles } = logNormalVariation(0.3);
  const median = quantiles.find(([p]) => p === 0.5)![1];
  expect(median).toBeCloseTo(1, 3);
  // The ends are cut at 0.5 % and 99.5 %.
  expect(meanOf(quantiles)).toBeCloseTo(Math.exp(0.3 ** 2 / 2), 2);
  expect([quantiles[0]![0], quantiles.at(-1)![0]]).toEqual([0, 1]);
  expect(quantiles.map(([, ratio]) => ratio)).toEqual(quantiles.map(([, ratio]) => ratio).sort((a, b) => a - b));
});

test("a heavy tail leaves the others as they are and ends at its multiple of their longest", () => {
  const plain = logNormalVariation(0.2).quantiles;
  const { quantiles } = logNormalVariation(0.2, { share: 0.03, most: 8 });
  expect(quantiles.slice(0, -1).map(([, ratio]) => ratio)).toEqual(plain.map(([, ratio]) => ratio));
  expect(quantiles.at(-2)![0]).toBeCloseTo(0.97, 12);
  expect(quantiles.at(-1)).toEqual([1, 8 * plain.at(-1)![1]]);
});
