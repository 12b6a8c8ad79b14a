import fc from "fast-check";
import { stream } from "../../kernel/index.js";
import { bootstrapInterval, bootstrapIntervals } from "./bootstrap.js";
import { quantile } from "../statistics/quantile.js";
import { rank, resampled } from "./ranked-sample.js";

const values = Float64Array.from({ length: 400 }, (_, i) => ((i * 7919) % 400) / 4);
const sample = rank(values);
const meanOf = (draws: Uint32Array): number => resampled(sample, draws, [])[0]!;

describe("bootstrapInterval", () => {
  it("gives the same interval for the same name, another for another", () => {
    const once = bootstrapInterval(400, meanOf, { name: "1/0/test" });
    expect(bootstrapInterval(400, meanOf, { name: "1/0/test" })).toEqual(once);
    expect(bootstrapInterval(400, meanOf, { name: "2/0/test" })).not.toEqual(once);
  });

  it("is about as wide as theory says for a mean", () => {
    const [low, high] = bootstrapInterval(400, meanOf, { name: "1/0/width", resamples: 4000 })!;
    const standardError = 100 / Math.sqrt(12) / Math.sqrt(400);
    expect((high - low) / (2 * 1.96 * standardError)).toBeCloseTo(1, 1);
    expect((high + low) / 2).toBeCloseTo(49.875, 0);
  });

  it("covers the true mean in about 95 % of samples", () => {
    const random = stream("1/0/coverage");
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const drawn = rank(Float64Array.from({ length: 60 }, random));
      const mean = (draws: Uint32Array): number => resampled(drawn, draws, [])[0]!;
      const [low, high] = bootstrapInterval(60, mean, { name: `1/${trial}/coverage`, resamples: 300 })!;
      if (low <= 0.5 && 0.5 <= high) covered += 1;
    }
    expect(covered).toBeGreaterThan(270);
    expect(covered).toBeLessThan(300);
  });

  it("has no interval for one unit, nor for a statistic that is never known", () => {
    expect(bootstrapInterval(1, () => 1, { name: "x" })).toBeNull();
    expect(bootstrapInterval(5, () => null, { name: "x" })).toBeNull();
  });

  it("takes several statistics from the same resamples", () => {
    const [first, second] = bootstrapIntervals(400, (draws) => [meanOf(draws), 2 * meanOf(draws)], { name: "x" });
    expect(second).toEqual([2 * first![0], 2 * first![1]]);
  });

  it("rejects no resamples and a level that is no probability", () => {
    expect(() => bootstrapInterval(5, () => 1, { name: "x", resamples: 0 })).toThrow('bootstrap "x" with 0 resamples');
    expect(() => bootstrapInterval(5, () => 1, { name: "x", level: 95 })).toThrow("level 95, expected between 0 and 1");
  });
});

describe("resampled", () => {
  it("gives what sorting the drawn values would give", () => {
    const drawn = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat(4)), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(drawn, (pairs) => {
        fc.pre(pairs.some(([, times]) => times > 0));
        const expanded = Float64Array.from(pairs.flatMap(([value, times]) => Array<number>(times).fill(value))).sort();
        const ps = [0, 0.25, 0.5, 0.95, 0.99, 1];
        const [mean, ...quantiles] = resampled(
          rank(Float64Array.from(pairs, ([value]) => value)),
          Uint32Array.from(pairs, ([, times]) => times),
          ps,
        );
        expect(mean).toBeCloseTo(expanded.reduce((sum, value) => sum + value, 0) / expanded.length, 10);
        expect(quantiles).toEqual(ps.map((p) => quantile(expanded, p)));
      }),
    );
  });
});
