/**
 * The interval that one more run falls into with a probability of 90 %, from a statistic's values in n independent runs.
 * From 19 runs on between order statistics, which assumes nothing of the distribution (Wilks 1941: one more value lies
 * between the r-th and the s-th of n with probability (s - r) / (n + 1)). With fewer, Student's t for one more value, on
 * the logarithm where all values are positive: times are skewed, and their logarithms much less.
 */
import { mean } from "../statistics/index.js";
import type { Interval } from "./bootstrap.js";
import { studentT } from "./student-t.js";

/** Probability that one more run lies in the interval. */
export const PREDICTION_LEVEL = 0.9;

/** Probability that it lies below, and that it lies above. */
const OUTSIDE = 0.05;

/** Runs from which the 5 % and 95 % places among n values, (n + 1) p, are ranks that exist. */
const ORDERED_FROM = 19;

/** Null for fewer than two values, which say nothing of how one more may differ. Equal values: an interval of no width. */
export function predictionInterval(values: readonly number[]): Interval | null {
  if (values.length < 2) return null;
  const sorted = Float64Array.from(values).sort();
  if (sorted[0] === sorted.at(-1)) return [sorted[0]!, sorted[0]!];
  if (values.length >= ORDERED_FROM) return between(sorted);
  if (sorted[0]! <= 0) return student(values);
  const [low, high] = student(values.map(Math.log));
  return [Math.exp(low), Math.exp(high)];
}

function between(sorted: Float64Array): Interval {
  const last = sorted.length - 1;
  const place = OUTSIDE * (sorted.length + 1) - 1;
  const at = Math.floor(place);
  const share = place - at;
  const [low, high] = [sorted[at]!, sorted[last - at]!];
  return [low + (sorted[at + 1]! - low) * share, high - (high - sorted[last - at - 1]!) * share];
}

function student(values: readonly number[]): Interval {
  const n = values.length;
  const middle = mean(values);
  const reach = studentT(PREDICTION_LEVEL, n - 1) * sampleDeviation(values) * Math.sqrt(1 + 1 / n);
  const low = middle - reach;
  // What is never negative is not predicted to be.
  return [values.every((value) => value >= 0) ? Math.max(0, low) : low, middle + reach];
}

/** Standard deviation with n - 1. */
export function sampleDeviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/**
 * Relative standard error of an interval's width from this many values, by their kurtosis (at least that of a normal
 * distribution, since few values show no tails): that of a standard deviation.
 */
export function widthUncertainty(values: readonly number[]): number {
  const n = values.length;
  const middle = mean(values);
  const moment = (power: number): number => values.reduce((sum, value) => sum + (value - middle) ** power, 0) / n;
  const variance = moment(2);
  const kurtosis = variance === 0 ? 3 : Math.max(3, moment(4) / variance ** 2);
  return Math.sqrt((kurtosis - 1) / (4 * n));
}
