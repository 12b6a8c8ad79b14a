/**
 * Mean, standard deviation and percentiles of a sample, all at once. Standard deviation is the population's (divided
 * by n), as numpy and `vllm bench serve` have it. A sample of nothing has no statistics: null, never NaN.
 */
import { quantilesInPlace } from "./select.js";

export const statisticNames = ["mean", "median", "std", "p50", "p90", "p95", "p99"] as const;
export type StatisticName = (typeof statisticNames)[number];
export type Statistics = Readonly<Record<StatisticName, number>>;

/** The quantile (0-1) behind a statistic's name; undefined for mean and std. */
export function statisticQuantile(name: StatisticName): number | undefined {
  if (name === "median") return 0.5;
  return name.startsWith("p") ? Number(name.slice(1)) / 100 : undefined;
}

/** Every statistic of the values, in any order, which it reorders; null for no values. */
export function describeInPlace(values: Float64Array): Statistics | null {
  if (values.length === 0) return null;
  const average = mean(values);
  const std = populationStd(values, average);
  const quantiles = quantilesInPlace(values, [0.5, 0.9, 0.95, 0.99]);
  const [p50, p90, p95, p99] = quantiles as [number, number, number, number];
  return { mean: average, median: p50, std, p50, p90, p95, p99 };
}

/** Arithmetic mean; at least one value. */
export function mean(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum / values.length;
}

function populationStd(values: Float64Array, average: number): number {
  let squares = 0;
  for (let at = 0; at < values.length; at++) {
    const off = values[at]! - average;
    squares += off * off;
  }
  return Math.sqrt(squares / values.length);
}
