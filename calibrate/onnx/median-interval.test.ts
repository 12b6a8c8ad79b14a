import { stream } from "../../sim/kernel/index.js";
import { medianHalfWidth, medianInterval } from "./median-interval.js";

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
