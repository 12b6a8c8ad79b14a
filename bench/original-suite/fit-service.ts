/**
 * Three parameters: a batch of B takes base + perRow * B, by least squares over the batches that followed another at
 * once; the first batch of the process takes coldStart more. Milliseconds; 95 % intervals by bootstrap over batches.
 */
import { InvariantError, type FitScore } from "../../formats/index.js";
import { bootstrapIntervals, mean, quantile, type Interval } from "../../sim/index.js";
import { leastSquaresLine } from "./least-squares.js";
import type { RecoveredBatch } from "./recover-batches.js";

export interface ServiceFit {
  readonly baseMs: number;
  readonly perRowMs: number;
  readonly baseCi95Ms: Interval;
  readonly perRowCi95Ms: Interval;
  /** Batches that the line went through. */
  readonly points: readonly RecoveredBatch[];
}

/** Fits the line over the batches that started on a busy machine; they must be of two sizes at least. */
export function fitService(batches: readonly RecoveredBatch[]): ServiceFit {
  const points = batches.filter(({ after }) => after === "busy");
  const sizes = points.map(({ size }) => size);
  const servicesMs = points.map(({ serviceMs }) => serviceMs);
  const line = leastSquaresLine(sizes, servicesMs);
  const [baseCi95Ms, perRowCi95Ms] = bootstrapIntervals(
    points.length,
    (draws) => {
      const drawn = leastSquaresLine(sizes, servicesMs, draws);
      return [drawn?.intercept ?? null, drawn?.slope ?? null];
    },
    { name: "original-suite/service" },
  );
  if (line === null || baseCi95Ms == null || perRowCi95Ms == null) {
    throw new InvariantError(`a line through ${points.length} batches of one size, expected two sizes`);
  }
  return { baseMs: line.intercept, perRowMs: line.slope, baseCi95Ms, perRowCi95Ms, points };
}

export function predictedMs(fit: ServiceFit, size: number): number {
  return fit.baseMs + fit.perRowMs * size;
}

/** Extra time of the first batch of the process, ms. */
export function coldStartMs(fit: ServiceFit, firstOfProcess: RecoveredBatch): number {
  return firstOfProcess.serviceMs - predictedMs(fit, firstOfProcess.size);
}

/** Errors of the line on batches; R2 against their own mean. */
export function scoreService(fit: ServiceFit, batches: readonly RecoveredBatch[]): Required<FitScore> {
  const errors = Float64Array.from(batches, (b) => Math.abs(predictedMs(fit, b.size) / b.serviceMs - 1)).sort();
  const averageMs = mean(batches.map(({ serviceMs }) => serviceMs));
  const squares = (from: (b: RecoveredBatch) => number): number =>
    batches.reduce((sum, batch) => sum + (batch.serviceMs - from(batch)) ** 2, 0);
  return {
    points: batches.length,
    median_ape: round(quantile(errors, 0.5)),
    p90_ape: round(quantile(errors, 0.9)),
    r2: round(1 - squares((b) => predictedMs(fit, b.size)) / squares(() => averageMs)),
  };
}

function round(ratio: number): number {
  return Math.round(ratio * 1e4) / 1e4;
}
