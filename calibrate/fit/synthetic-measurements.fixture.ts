/** Synthetic measurements from known coefficients, for tests: a machine whose truth is known, with seeded noise. */
import { normal, stream } from "../../sim/kernel/index.js";
import type { BatchShape, Measurement } from "./measurement.js";

/** Times of a shape without noise, in ns. */
export interface Truth {
  readonly prefillNs: (shape: BatchShape) => number;
  readonly stepNs: (batchSize: number, contextTokens: number) => number;
}

/** Concave in rows (bends at 4), all other terms plain. */
export const bentTruth: Truth = {
  prefillNs: ({ batchSize: b, promptTokens: p }) => 1e6 + 2e4 * b * p + 50 * b * p * (p + 1) + 2e5 * b,
  stepNs: (b, context) => 2e6 + 6e5 * Math.min(b, 4) + 8e4 * Math.max(0, b - 4) + 500 * context,
};

export interface SyntheticOptions {
  readonly batchSizes?: readonly number[];
  readonly promptTokens?: readonly number[];
  readonly decodeSteps?: readonly number[];
  readonly repeats?: number;
  /** Standard deviation of a repeat over its time. */
  readonly noiseFraction?: number;
  /** Share of repeats that take thrice their time. */
  readonly disturbedFraction?: number;
}

/** Every shape of the grid, in rounds. */
export function syntheticMeasurements(truth: Truth, options: SyntheticOptions = {}): Measurement[] {
  const { batchSizes = [1, 2, 4, 8, 16], promptTokens = [4, 16, 48], decodeSteps = [4, 24] } = options;
  const { repeats = 3, noiseFraction = 0, disturbedFraction = 0 } = options;
  const random = stream("made-up");
  const factor = (): number => (random() < disturbedFraction ? 3 : 1) * (1 + noiseFraction * normal(random));
  const shapes = batchSizes.flatMap((batchSize) =>
    promptTokens.flatMap((p) => decodeSteps.map((n) => ({ batchSize, promptTokens: p, decodeSteps: n }))),
  );
  const rounds = Array.from({ length: repeats }, (_, rep) => shapes.map((shape) => ({ shape, rep })));
  return rounds.flat().map(({ shape, rep }, order) => {
    const { batchSize, promptTokens: prompt, decodeSteps: steps } = shape;
    const prefillNs = truth.prefillNs(shape) * factor();
    const stepsNs = Array.from({ length: steps }, (_, i) => truth.stepNs(batchSize, batchSize * (prompt + i)));
    const decodeNs = stepsNs.reduce((sum, ns) => sum + ns, 0) * factor();
    const dispatchNs = 1e5;
    const wallNs = prefillNs + decodeNs + dispatchNs;
    const peakRssBytes = 5e8 + 1e5 * batchSize * (prompt + 1 + steps);
    return { ...shape, kind: "grid", rep, order, prefillNs, decodeNs, wallNs, dispatchNs, peakRssBytes };
  });
}
