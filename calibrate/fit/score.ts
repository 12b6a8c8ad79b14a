/** How well a model predicts points: absolute relative errors as fractions (0.05 is 5 %) and R2, as profile.json holds them. */
import type { FitScore } from "../../formats/index.js";
import { mean, quantileOf } from "../../sim/metrics/index.js";

/** One prediction beside what was measured, in the same unit. */
export interface Prediction {
  readonly real: number;
  readonly model: number;
}

/** Errors over those points; `r2` is absent where the measured values do not vary. */
export function score(points: readonly Prediction[]): FitScore {
  if (points.length === 0) return { points: 0, median_ape: 0, p90_ape: 0 };
  const errors = points.map(({ real, model }) => Math.abs(model - real) / real);
  const centre = mean(points.map(({ real }) => real));
  const total = points.reduce((sum, { real }) => sum + (real - centre) ** 2, 0);
  const left = points.reduce((sum, { real, model }) => sum + (real - model) ** 2, 0);
  return {
    points: points.length,
    median_ape: round(quantileOf(errors, 0.5)),
    p90_ape: round(quantileOf(errors, 0.9)),
    ...(total > 0 ? { r2: round(1 - left / total) } : {}),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
