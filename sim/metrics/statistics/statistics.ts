/**
 * Mean, standard deviation and percentiles of a sample, all at once. Standard deviation is the population's (divided
 * by n), as numpy and `vllm bench serve` have it. A sample of nothing has no statistics: null, never NaN.
 */
import { quantilesOfAny } from "./select.js";

export const statisticNames = ["mean", "median", "std", "p50", "p90", "p95", "p99"] as const;
export type StatisticName = (typeof statisticNames)[number];
export type Statistics = Readonly<Record<StatisticName, number>>;

/** The quantile (0-1) behind a statistic's name; undefined for mean and std. */
export function statisticQuantile(name: StatisticName): number | undefined {
  if (name === "median") return 0.5;
  return name.startsWith("p") ? Number(name.slice(1)) / 100 : undefined;
}

/** What is summed of a sample; of no values NaN and 0. */
export interface Moments {
  readonly mean: number;
  /** Sum of the squares around the mean. */
  readonly squares: number;
}

export function momentsOf(values: Float64Array): Moments {
  const average = mean(values);
  return { mean: average, squares: squaresAround(values, average) };
}

/** Every statistic of the values, in any order; null for no values. */
export function statisticsOf(values: Float64Array, moments = momentsOf(values)): Statistics | null {
  if (values.length === 0) return null;
  const quantiles = quantilesOfAny(values, [0.5, 0.9, 0.95, 0.99]);
  const [p50, p90, p95, p99] = quantiles as [number, number, number, number];
  return { mean: moments.mean, median: p50, std: Math.sqrt(moments.squares / values.length), p50, p90, p95, p99 };
}

/** Arithmetic mean; at least one value. */
export function mean(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum / values.length;
}

function squaresAround(values: Float64Array, average: number): number {
  let squares = 0;
  for (let at = 0; at < values.length; at++) {
    const off = values[at]! - average;
    squares += off * off;
  }
  return squares;
}
