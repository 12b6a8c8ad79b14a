/** A comparison as flat rows for tables: what people are shown, percentages instead of fractions. */
import type { Interval } from "../../sim/metrics/index.js";
import type { Comparison } from "./compare-runs.js";
import type { StatisticComparison } from "./statistic.js";
import { verdictText } from "./tally.js";
import type { Verdict } from "./verdict.js";

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
  /** Of the error, at the comparison's level. */
  readonly intervalPercent: Interval | null;
  readonly tolerancePercent: number;
  readonly spread: Interval | null;
  readonly verdict: Verdict | null;
  /** The verdict in words, and how many more repeats would decide it; empty where there is none. */
  readonly verdictText: string;
}

/**
 * Metrics, then run totals, then batches. Left out: percentiles of too few requests, and what one side does not know
 * (both stay in the comparison).
 */
export function comparisonRows(comparison: Comparison): ComparisonRow[] {
  const entries = [...comparison.metrics, ...comparison.totals, ...(comparison.batches?.statistics ?? [])];
  return entries.flatMap(comparisonRow);
}

/** The row of one statistic; none where people are not shown it. */
export function comparisonRow(entry: StatisticComparison): ComparisonRow[] {
  const { metric, stat, unit, n, sim, real, spread, verdict, noise, shown } = entry;
  if (!shown || sim === null || real === null) return [];
  const percent = (fraction: number): number => fraction * 100;
  const interval = entry.interval_fraction;
  return [
    {
      metric,
      stat,
      unit,
      n,
      sim,
      real,
      errorPercent: entry.error_fraction === null ? null : percent(entry.error_fraction),
      intervalPercent: interval === null ? null : [percent(interval[0]), percent(interval[1])],
      tolerancePercent: percent(entry.tolerance_fraction),
      spread,
      verdict,
      verdictText:
        verdict === null || noise === null ? "" : verdictText({ verdict, noise, moreRepeats: entry.more_repeats }),
    },
  ];
}
