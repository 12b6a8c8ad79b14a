import { ArtifactError, type CostTerm } from "../../formats/index.js";
import { bentTruth, syntheticMeasurements, type Truth } from "./synthetic-measurements.fixture.js";
import type { Measurement } from "./measurement.js";
import { fitStaticBatch } from "./static-batch.js";

const coefficient = (terms: readonly CostTerm[], basis: string, beyond?: number): CostTerm =>
  terms.find((term) => term.basis === basis && term.beyond === beyond)!;

test("coefficients without noise come back exactly, the knot included", async () => {
  const { cost, fit } = await fitStaticBatch(syntheticMeasurements(bentTruth), { seed: "1" });
  expect(coefficient(cost.prefill, "base").coefficient_ns).toBeCloseTo(1e6, -2);
  expect(coefficient(cost.prefill, "tokens").coefficient_ns).toBeCloseTo(2e4, -1);
  expect(coefficient(cost.prefill, "attention_pairs").coefficient_ns).toBeCloseTo(100, 0);
  expect(coefficient(cost.decode_step, "rows")).toMatchObject({ upto: 4 });
  expect(coefficient(cost.decode_step, "rows").coefficient_ns).toBeCloseTo(6e5, -2);
  expect(coefficient(cost.decode_step, "rows", 4).coefficient_ns).toBeCloseTo(8e4, -2);
  expect(cost.dispatch_ns).toBe(1e5);
  expect(fit.batch.p90_ape).toBeLessThan(1e-4);
});

test("with 3 % noise the intervals hold most of the true coefficients and unseen shapes are predicted", async () => {
  const measurements = syntheticMeasurements(bentTruth, { noiseFraction: 0.03 });
  const { cost, held_out, noise } = await fitStaticBatch(measurements, {
    seed: "1",
    isHeldOut: ({ batchSize, promptTokens }) => batchSize === 8 && promptTokens === 16,
  });
  const truths: [CostTerm, number][] = [
    [coefficient(cost.decode_step, "base"), 2e6],
    [coefficient(cost.decode_step, "rows"), 6e5],
    [coefficient(cost.decode_step, "rows", 4), 8e4],
    [coefficient(cost.decode_step, "context_tokens"), 500],
    [coefficient(cost.prefill, "tokens"), 2e4],
  ];
  const inside = truths.filter(([term, truth]) => term.ci95_ns![0] <= truth && truth <= term.ci95_ns![1]);
  expect(inside.length).toBeGreaterThanOrEqual(4);
  expect(held_out!.batch.points).toBe(2);
  expect(held_out!.batch.median_ape).toBeLessThan(0.03);
  expect(noise.residual_quantiles.find(([q]) => q === 0.5)![1]).toBeCloseTo(1, 1);
});

test("a convex cost gets its knot too", async () => {
  const convex: Truth = {
    ...bentTruth,
    stepNs: (b, context) => 2e6 + 1e4 * Math.min(b, 8) + 4e5 * Math.max(0, b - 8) + 500 * context,
  };
  const options = { batchSizes: [1, 2, 4, 8, 16, 32], noiseFraction: 0.01 };
  const { cost, fit } = await fitStaticBatch(syntheticMeasurements(convex, options), { seed: "1" });
  expect(coefficient(cost.decode_step, "rows", 8).coefficient_ns).toBeGreaterThan(3e5);
  expect(fit.decode!.median_ape).toBeLessThan(0.02);
});

test("a straight cost with noise gets no knot", async () => {
  const straight: Truth = { ...bentTruth, stepNs: (b, context) => 2e6 + 3e5 * b + 500 * context };
  const { cost } = await fitStaticBatch(syntheticMeasurements(straight, { noiseFraction: 0.03 }), { seed: "1" });
  expect(cost.decode_step.every((term) => term.upto === undefined && term.beyond === undefined)).toBe(true);
});

test("a library that takes a slower kernel in small batches is found, though time falls beyond them", async () => {
  const switching: Truth = { ...bentTruth, stepNs: (b, context) => 2e6 + (b <= 8 ? 1e6 : 0) + 1e4 * b + 200 * context };
  const options = { batchSizes: [1, 2, 4, 8, 16, 32], noiseFraction: 0.01 };
  const { cost, fit } = await fitStaticBatch(syntheticMeasurements(switching, options), { seed: "1" });
  const slower = cost.decode_step.find((term) => term.rows_upto !== undefined)!;
  expect(slower).toMatchObject({ basis: "base", rows_upto: 8 });
  expect(slower.coefficient_ns / 1e6).toBeCloseTo(1, 1);
  expect(fit.decode!.median_ape).toBeLessThan(0.02);
});

test("whole batches alone are enough where some have no decode steps", async () => {
  const options = { decodeSteps: [0, 4, 24], noiseFraction: 0.01 };
  const whole = syntheticMeasurements(bentTruth, options).map((m) => ({
    ...m,
    wallNs: m.wallNs - m.dispatchNs,
    prefillNs: m.wallNs - m.dispatchNs,
    decodeNs: 1,
    dispatchNs: 0,
    wallOnly: true,
  }));
  const { cost, fit } = await fitStaticBatch(whole, { seed: "1" });
  expect(coefficient(cost.prefill, "tokens").coefficient_ns / 2e4).toBeCloseTo(1, 0);
  expect(coefficient(cost.decode_step, "rows")).toMatchObject({ upto: 4 });
  expect(coefficient(cost.decode_step, "rows").coefficient_ns / 6e5).toBeCloseTo(1, 1);
  expect(fit.batch.median_ape).toBeLessThan(0.01);
  expect(fit.prefill).toBeUndefined();
});

test("a plain fit has neither knots nor switches, and every cell has its residual", async () => {
  const measurements = syntheticMeasurements(bentTruth);
  const { cost, residuals } = await fitStaticBatch(measurements, { seed: "1", plain: true });
  const clipped = [...cost.prefill, ...cost.decode_step].filter((term) => term.upto ?? term.beyond ?? term.rows_upto);
  expect(clipped).toEqual([]);
  expect(residuals).toHaveLength(30);
});

test("a fifth of the repeats taking thrice their time moves the fit by less than 5 %", async () => {
  const measurements = syntheticMeasurements(bentTruth, { noiseFraction: 0.02, disturbedFraction: 0.2 });
  const { cost } = await fitStaticBatch(measurements, { seed: "1" });
  expect(coefficient(cost.decode_step, "base").coefficient_ns / 2e6).toBeCloseTo(1, 1);
  expect(coefficient(cost.decode_step, "rows").coefficient_ns / 6e5).toBeCloseTo(1, 1);
});

test("one batch size leaves out the rows term and says so", async () => {
  const { cost, warnings } = await fitStaticBatch(syntheticMeasurements(bentTruth, { batchSizes: [4] }), { seed: "1" });
  expect(cost.decode_step.map((term) => term.basis)).not.toContain("rows");
  expect(warnings).toContainEqual(expect.stringMatching(/decode_step: .*cannot tell "rows" from base/));
});

test("without shapes that have decode steps, a step costs 0 and a warning says so", async () => {
  const { cost, warnings } = await fitStaticBatch(syntheticMeasurements(bentTruth, { decodeSteps: [0] }), {
    seed: "1",
  });
  expect(cost.decode_step).toEqual([{ basis: "base", coefficient_ns: 0 }]);
  expect(warnings).toContainEqual(expect.stringContaining("no shape with decode steps"));
});

test("cold start is what the first batch took more than a warm one of its shape", async () => {
  const grid = syntheticMeasurements(bentTruth);
  const cold: Measurement = { ...grid[0]!, kind: "cold", wallNs: grid[0]!.wallNs + 7e6 };
  const { cost } = await fitStaticBatch([cold, ...grid], { seed: "1" });
  expect(cost.cold_start_ns).toBe(7e6);
});

test.each([
  ["prefillNs", Number.NaN],
  ["prefillNs", -1],
  ["decodeNs", 0],
  ["wallNs", Number.POSITIVE_INFINITY],
])("a measurement with %s %p is rejected by name", async (field, value) => {
  const [first, ...rest] = syntheticMeasurements(bentTruth);
  const broken = [{ ...first!, [field]: value }, ...rest];
  await expect(fitStaticBatch(broken, { seed: "1" })).rejects.toThrow(ArtifactError);
  await expect(fitStaticBatch(broken, { seed: "1" })).rejects.toThrow(`b1 p4 n4 rep 0: ${field} is ${value}`);
});

test("too few shapes are rejected", async () => {
  const few = syntheticMeasurements(bentTruth, { batchSizes: [1], promptTokens: [4] });
  await expect(fitStaticBatch(few, { seed: "1" })).rejects.toThrow("cannot fit a cost model to 2 shapes");
});

test("the same measurements and seed give the same fit", async () => {
  const measurements = syntheticMeasurements(bentTruth, { noiseFraction: 0.05 });
  const [one, two] = [
    await fitStaticBatch(measurements, { seed: "5" }),
    await fitStaticBatch(measurements, { seed: "5" }),
  ];
  expect(one).toEqual(two);
});
