import { prefillTarget } from "./features.js";
import { bentTruth, syntheticMeasurements } from "./synthetic-measurements.fixture.js";
import { toCells } from "./measurement.js";
import { huberWeights, varianceWeights } from "./weights.js";

test("a cell whose repeats disagree counts less, one whose repeats agree counts whole", () => {
  const steady = syntheticMeasurements(bentTruth, { decodeSteps: [4], repeats: 4 });
  const shaken = steady.map((m) =>
    m.batchSize === 4 && m.promptTokens === 16 ? { ...m, prefillNs: m.prefillNs * (1 + 0.4 * m.rep) } : m,
  );
  const cells = toCells(shaken);
  const weights = varianceWeights(prefillTarget, cells);
  weights.forEach((weight, i) => {
    const isShaken = cells[i]!.batchSize === 4 && cells[i]!.promptTokens === 16;
    if (isShaken) expect(weight).toBeLessThan(0.3);
    else expect(weight).toBe(1);
  });
});

test("cells measured once count alike", () => {
  const weights = varianceWeights(prefillTarget, toCells(syntheticMeasurements(bentTruth, { repeats: 1 })));
  expect(new Set(weights)).toEqual(new Set([1]));
});

test("a residual far beyond the others pulls no harder than the edge", () => {
  const residuals = [0.01, -0.01, 0.01, -0.01, 0.5];
  const weights = huberWeights(residuals);
  expect(weights.slice(0, 4)).toEqual([1, 1, 1, 1]);
  expect(weights[4]! * 0.5).toBeCloseTo(2.5 * 1.4826 * 0.01, 6);
});
