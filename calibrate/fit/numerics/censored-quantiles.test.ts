import { exponential, stream } from "../../../sim/index.js";
import { censoredQuantiles, type Sighting } from "./censored-quantiles.js";

const exact = (value: number): Sighting => ({ value, isExact: true });
const atMost = (value: number): Sighting => ({ value, isExact: false });

test("where every value is exact they are the values' own quantiles, denser near the largest", () => {
  const quantiles = censoredQuantiles(Array.from({ length: 97 }, (_, k) => exact(((k * 31) % 97) + 1)))!;
  expect(quantiles).toHaveLength(44);
  for (const [p, value] of quantiles) expect(value).toBe(Math.max(1, Math.ceil(97 * p)));
  expect(quantiles.filter(([p]) => p > 0.9).length).toBeGreaterThan(10);
  expect(quantiles.filter(([p]) => p < 0.05)).toHaveLength(5);
});

test("a hidden value hands its weight to those below it", () => {
  // At most: 10 all, 9 hidden; of the two below, 8 has half of the three quarters that are left.
  const sightings = [exact(4), atMost(9), exact(10), exact(8)];
  expect(censoredQuantiles(sightings, { points: 5, least: 3 })).toEqual([
    ...[0, 0.002, 0.01, 0.025].map((p) => [p, 4]),
    [0.4375, 8],
    [0.75, 8],
    [0.9375, 10],
    [1, 10],
  ]);
});

test("a value seen and one hidden at the same time: the hidden one is below", () => {
  const quantiles = censoredQuantiles([atMost(5), exact(5), exact(1)], { points: 3, least: 2 })!;
  // Two thirds are below 5: the hidden one counts there, with 1.
  expect(quantiles).toEqual([...[0, 0.002, 0.01, 0.025].map((p) => [p, 1]), [0.75, 5], [1, 5]]);
  expect(censoredQuantiles([atMost(5), exact(5), exact(1)], { points: 5, least: 2 })![4]).toEqual([0.4375, 1]);
});

test("what is hidden behind something else does not shift what is known of the rest", () => {
  const random = stream("test/censored");
  const sightings = Array.from({ length: 20_000 }, (): Sighting => {
    const [value, curtain] = [exponential(random), exponential(random) * 0.7];
    return value > curtain ? exact(value) : atMost(curtain);
  });
  const quantiles = censoredQuantiles(sightings)!;
  for (const [p, value] of quantiles.filter(([p]) => p > 0.3 && p < 0.97)) {
    expect(Math.abs(value / -Math.log(1 - p) - 1)).toBeLessThan(0.06);
  }
});

test("too few exact values tell nothing, however many are hidden", () => {
  const hidden = Array.from({ length: 100 }, (_, k) => atMost(k));
  const seven = Array.from({ length: 7 }, (_, k) => exact(k));
  expect(censoredQuantiles([...hidden, ...seven])).toBeUndefined();
  expect(censoredQuantiles([...hidden, ...seven, exact(7)])).toHaveLength(44);
});
