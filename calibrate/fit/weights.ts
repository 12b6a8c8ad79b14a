/**
 * How much each cell counts. First by its measured variance: a cell whose repeats disagree says less. Then, with a fit at
 * hand, by Huber's rule (1964): a cell that lies far off whatever the model is pulls no harder than one at the edge.
 */
import { median, quantileOf } from "../../sim/metrics/index.js";
import type { FitTarget } from "./features.js";
import type { Cell } from "./measurement.js";

/** Misfit between shapes that no repeat shows (a relative standard deviation): no cell counts for more than that allows. */
const MISFIT_FRACTION = 0.05;
/** Variance of a median of n normal values over their squared quartile range, times n. */
const MEDIAN_VARIANCE = 0.86;
/** Normal residuals beyond this many standard deviations are one in eighty. */
const EDGE_SIGMAS = 2.5;
const SIGMAS_PER_MEDIAN = 1.4826;
const MIN_EDGE_FRACTION = 0.02;

/** Weights up to 1, each over the relative variance of its cell's median. A cell measured once has the usual variance. */
export function varianceWeights(target: FitTarget, cells: readonly Cell[]): number[] {
  const variances = cells.map((cell) => medianVariance(target, cell));
  const known = variances.filter((variance) => variance !== undefined);
  const usual = known.length === 0 ? 0 : median(known);
  return variances.map((variance) => MISFIT_FRACTION ** 2 / (MISFIT_FRACTION ** 2 + (variance ?? usual)));
}

function medianVariance(target: FitTarget, cell: Cell): number | undefined {
  const times = cell.repeats.map((repeat) => target.measuredNs(repeat));
  if (times.length < 2) return undefined;
  const range = (quantileOf(times, 0.75) - quantileOf(times, 0.25)) / target.measuredNs(cell);
  return (MEDIAN_VARIANCE * range ** 2) / times.length;
}

/** Weights up to 1 from relative residuals: 1 inside the edge, edge over residual outside. */
export function huberWeights(residuals: readonly number[]): number[] {
  const sizes = residuals.map(Math.abs);
  const edge = Math.max(MIN_EDGE_FRACTION, EDGE_SIGMAS * SIGMAS_PER_MEDIAN * median(sizes));
  return sizes.map((size) => (size <= edge ? 1 : edge / size));
}
