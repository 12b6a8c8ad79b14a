/**
 * Exact quantiles of a sorted sample, and the sample size from which a percentile may be shown.
 * Definition R-7 (numpy's and d3's default): Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996.
 */
import { InvariantError } from "../../../formats/index.js";

/** Chance that the true quantile lies above (or below) every observation, for a percentile that is shown. */
const TAIL_PROBABILITY = 0.025;

/**
 * The p-quantile (p in 0-1) of values in ascending order: linear between the two nearest ranks of (n - 1) * p.
 * The order is not checked; no values, or p outside 0-1, is an InvariantError.
 */
export function quantile(sorted: Float64Array, p: number): number {
  if (sorted.length === 0) throw new InvariantError("quantile of no values, expected at least one");
  if (!(p >= 0 && p <= 1)) throw new InvariantError(`quantile of p = ${p}, expected 0 to 1`);
  const rank = (sorted.length - 1) * p;
  const below = Math.floor(rank);
  return interpolate(sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!, rank - below);
}

/** The p-quantile of values in any order; NaN of none. */
export function quantileOf(values: Iterable<number>, p: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? Number.NaN : quantile(sorted, p);
}

/** Median of values in any order; NaN of none. */
export function median(values: Iterable<number>): number {
  return quantileOf(values, 0.5);
}

/** R-7 quantiles (0-1) of `count` values, one at least, of which `valuesAt` says those at ascending ranks. */
export function interpolatedAt(
  count: number,
  quantiles: readonly number[],
  valuesAt: (ranks: readonly number[]) => readonly number[],
): number[] {
  const last = count - 1;
  const below = (p: number): number => Math.floor(last * p);
  const ranks = quantiles.flatMap((p) => [below(p), Math.min(below(p) + 1, last)]);
  const ascending = [...new Set(ranks)].sort((a, b) => a - b);
  const values = valuesAt(ascending);
  return quantiles.map((p) => {
    const at = ascending.indexOf(below(p));
    // The next rank is there, too, unless this is the last.
    return interpolate(values[at]!, values[at + 1] ?? values[at]!, last * p - below(p));
  });
}

/** Between two neighbouring ranks; equal neighbours give exactly their value. */
export function interpolate(lower: number, upper: number, share: number): number {
  return lower + (upper - lower) * share;
}

/**
 * Least n at which the p-quantile has a distribution-free 95 % interval, so that the sample says something about it:
 * the smallest n with max(p, 1 - p)^n <= 0.025. 6, 36, 72 and 368 for p50, p90, p95 and p99.
 */
export function minimumCount(p: number): number {
  return Math.ceil(Math.log(TAIL_PROBABILITY) / Math.log(Math.max(p, 1 - p)));
}

/** Whether the p-quantile (p in 0-1) of n values is shown to people; files keep the number either way. */
export function percentileIsShown(p: number, n: number): boolean {
  return n >= minimumCount(p);
}
