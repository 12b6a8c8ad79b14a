import fc from "fast-check";
import { minimumCount, percentileIsShown, quantile } from "./quantile.js";

const sample = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 60 });

/** R-7 from its definition: Q(p) = (1 - g) x_j + g x_(j+1), j = floor(np + m), m = 1 - p, ranks from 1. */
function naive(values: readonly number[], p: number): number {
  const x = [...values].sort((a, b) => a - b);
  const position = x.length * p + (1 - p);
  const j = Math.floor(position);
  const g = position - j;
  return (1 - g) * x[j - 1]! + g * (x[j] ?? x[j - 1]!);
}

describe("quantile", () => {
  it("interpolates between the two nearest ranks, as numpy does", () => {
    const sorted = Float64Array.of(10, 20, 30, 40);
    expect(quantile(sorted, 0.5)).toBe(25);
    expect(quantile(sorted, 0.9)).toBeCloseTo(37, 12);
    expect([quantile(sorted, 0), quantile(sorted, 1)]).toEqual([10, 40]);
    expect(quantile(Float64Array.of(7), 0.99)).toBe(7);
  });

  it("agrees with the definition of R-7 on any sample", () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
        expect(quantile(Float64Array.from(values).sort(), p)).toBeCloseTo(naive(values, p), 8);
      }),
    );
  });

  it("never falls as p grows, and stays within the sample", () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(sample, p, p, (values, one, other) => {
        const sorted = Float64Array.from(values).sort();
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map((each) => quantile(sorted, each));
        expect(low!).toBeLessThanOrEqual(high! + 1e-9);
        expect(low!).toBeGreaterThanOrEqual(sorted[0]!);
        expect(high!).toBeLessThanOrEqual(sorted.at(-1)!);
      }),
    );
  });

  it("rejects an empty sample and a p that is no probability", () => {
    expect(() => quantile(new Float64Array(0), 0.5)).toThrow("quantile of no values");
    expect(() => quantile(Float64Array.of(1), 99)).toThrow("quantile of p = 99, expected 0 to 1");
    expect(() => quantile(Float64Array.of(1), NaN)).toThrow("expected 0 to 1");
  });
});

describe("percentileIsShown", () => {
  it("shows p50, p90, p95 and p99 from 6, 36, 72 and 368 values", () => {
    expect([0.5, 0.9, 0.95, 0.99].map(minimumCount)).toEqual([6, 36, 72, 368]);
    expect(percentileIsShown(0.99, 367)).toBe(false);
    expect(percentileIsShown(0.99, 368)).toBe(true);
    expect(percentileIsShown(0.5, 0)).toBe(false);
  });
});
