import { normal, stream } from "../../kernel/index.js";
import { sampleDeviation } from "./prediction-interval.js";
import { mean } from "../statistics/statistics.js";
import { variancePartsOf, type VarianceParts } from "./variance-parts.js";

interface Spreads {
  readonly seed: number;
  readonly run: number;
  readonly calibration: number;
}

/** Parts found in many sets of n replications: mean variances. */
function meanVariances(n: number, { seed, run, calibration }: Spreads): Record<keyof Spreads, number> {
  const random = stream(`variance-parts/${n}/${seed}/${run}/${calibration}`);
  const draws = (): number[] => Array.from({ length: n }, () => normal(random));
  const found = Array.from({ length: 2000 }, () => {
    const [seeds, runs, costs] = [draws(), draws(), draws()];
    const values = seeds.map((own, i) => 50 + seed * own + run * runs[i]! + calibration * costs[i]!);
    return variancePartsOf(values, { run: runs, calibration: costs.map((cost) => 40 + calibration * cost) });
  });
  const squareOf = (of: (parts: VarianceParts) => number | null): number => mean(found.map((one) => of(one)! ** 2));
  return {
    seed: squareOf(({ from_seed }) => from_seed),
    run: squareOf(({ from_run }) => from_run),
    calibration: squareOf(({ from_calibration }) => from_calibration),
  };
}

test.each([8, 20, 50])("variances by cause are found from %d replications that draw all causes anew", (n) => {
  const found = meanVariances(n, { seed: 3, run: 2, calibration: 1 });
  const near = 14 * (n === 8 ? 0.1 : 0.03);
  expect(Math.abs(found.seed - 9)).toBeLessThan(near);
  expect(Math.abs(found.run - 4)).toBeLessThan(near);
  expect(Math.abs(found.calibration - 1)).toBeLessThan(near);
});

test("a cause that changes nothing is given little, and nothing it is not due is taken for it", () => {
  const found = meanVariances(24, { seed: 3, run: 0, calibration: 0 });
  expect(found.run).toBeLessThan(0.04 * 9);
  expect(found.seed).toBeGreaterThan(0.9 * 9);
});

test("squares of the parts sum to the variance of the values", () => {
  const values = [11, 9, 14, 12, 10, 13, 9.5, 12.5];
  const run = [0.2, -1, 1.5, 0.3, -0.4, 1, -1.2, 0.6];
  const { from_seed, from_run, from_calibration } = variancePartsOf(values, { run });
  expect(from_seed! ** 2 + from_run! ** 2).toBeCloseTo(sampleDeviation(values) ** 2, 9);
  expect(from_run).toBeGreaterThan(from_seed!);
  expect(from_calibration).toBeNull();
});

test("without draws of times all is the calibration's, and too few values tell nothing", () => {
  const values = [11, 9, 14, 12, 10];
  const parts = variancePartsOf(values, { calibration: values }, false);
  expect(parts.from_seed).toBe(0);
  expect(parts.from_calibration).toBeCloseTo(sampleDeviation(values), 9);
  expect(variancePartsOf([1, 2, 3], { run: [0, 1, 0] })).toEqual({
    from_seed: null,
    from_run: null,
    from_calibration: null,
  });
});

test("values that do not vary have no parts", () => {
  const parts = variancePartsOf([7, 7, 7, 7, 7], { run: [1, 2, 0, 1, 3] });
  expect(parts).toEqual({ from_seed: 0, from_run: 0, from_calibration: null });
});

test("causes of another number of replications are a bug", () => {
  expect(() => variancePartsOf([1, 2, 3, 4, 5], { run: [1, 2] })).toThrow("5 values with 2 of the cause run");
});
