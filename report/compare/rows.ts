/** A comparison as flat rows for tables: what people are shown, percentages instead of fractions. */
import type { Interval } from "../../sim/metrics/index.js";
import type { Comparison } from "./compare-runs.js";
import type { StatisticComparison, Verdict } from "./statistic.js";

/** One row; sim, real and spread in `unit`. */
export interface ComparisonRow {
  readonly metric: string;
  readonly stat: string;
  readonly unit: string;
  readonly n: number;
  readonly sim: number;
  readonly real: number;
  /** Null when real is 0. */
  readonly errorPercent: number | null;
  readonly ciPercent: Interval | null;
  readonly spread: Interval | null;
  readonly verdict: Verdict | null;
}

/**
 * Metrics, then run totals, then batches. Left out: percentiles of too few requests, and what one side does not know
 * (both stay in the comparison).
 */
export function comparisonRows(comparison: Comparison): ComparisonRow[] {
  const entries = [...comparison.metrics, ...comparison.totals, ...(comparison.batches?.statistics ?? [])];
  return entries.flatMap(row);
}

function row(entry: StatisticComparison): ComparisonRow[] {
  const { metric, stat, unit, n, sim, real, spread, verdict, shown } = entry;
  if (!shown || sim === null || real === null) return [];
  const errorPercent = entry.error_fraction === null ? null : entry.error_fraction * 100;
  const ci = entry.ci95_fraction;
  const ciPercent: Interval | null = ci === null ? null : [ci[0] * 100, ci[1] * 100];
  return [{ metric, stat, unit, n, sim, real, errorPercent, ciPercent, spread, verdict }];
}
