/**
 * Error of a per-request metric: mean, p50, p95 and p99 over the paired requests, with intervals from resampling the
 * pairs (a request is drawn with its simulated and its real values together).
 */
import type { RequestRecord } from "../../formats/index.js";
import {
  bootstrapIntervals,
  e2elMs,
  mean,
  effectiveCount,
  percentileIsShown,
  queueMs,
  rank,
  resampled,
  throughputTokensPerS,
  tpotMs,
  ttftMs,
  type BootstrapOptions,
} from "../../sim/metrics/index.js";
import type { Pair } from "./join.js";
import { compareStatistic, relativeError, type StatisticComparison } from "./statistic.js";

/** The metrics that are compared request by request, and how one request's value is found. */
export const requestMetrics = {
  ttft: { unit: "ms", of: ttftMs },
  e2el: { unit: "ms", of: e2elMs },
  tpot: { unit: "ms", of: tpotMs },
  throughput: { unit: "tok/s", of: throughputTokensPerS },
  queue: { unit: "ms", of: queueMs },
} as const satisfies Record<string, { unit: string; of: (request: RequestRecord) => number | null }>;

export type RequestMetric = keyof typeof requestMetrics;

/** Statistics that are compared, and the quantile (0-1) of each percentile. */
export const statQuantiles = { mean: null, p50: 0.5, p95: 0.95, p99: 0.99 } as const;

export type Stat = keyof typeof statQuantiles;

export const requestMetricNames = Object.keys(requestMetrics) as RequestMetric[];
export const statNames = Object.keys(statQuantiles) as Stat[];

const quantiles = [0.5, 0.95, 0.99];

/** Compares one metric over the pairs in which every run knows it; one entry per statistic, n is the same in all. */
export function compareRequestMetric(
  metric: RequestMetric,
  pairs: readonly Pair[],
  bootstrap: BootstrapOptions,
): StatisticComparison[] {
  const { unit, of } = requestMetrics[metric];
  const values = pairs
    .map((pair) => [of(pair.sim), ...pair.reals.map(of)])
    .filter((row): row is number[] => row.every((value) => value !== null));
  const n = values.length;
  const runs = (pairs[0]?.reals.length ?? 0) + 1;
  // Requests of a run wait for each other: they count as far as they are independent, in the run where they are least.
  const counts = Array.from({ length: runs }, (_, run) =>
    effectiveCount(Float64Array.from(values, (row) => row[run]!)),
  );
  const effective = Math.min(n, ...counts);
  const samples = Array.from({ length: runs }, (_, run) => rank(Float64Array.from(values, (row) => row[run]!)));
  const statisticsOf = (draws: Uint32Array): number[][] => samples.map((sample) => resampled(sample, draws, quantiles));
  const intervals = bootstrapIntervals(n, (draws) => errors(statisticsOf(draws)), bootstrap);
  const [sim, ...reals] = n === 0 ? [] : statisticsOf(new Uint32Array(n).fill(1));
  return statNames.map((stat, index) => {
    const p = statQuantiles[stat];
    const shown = n > 0 && (p === null || percentileIsShown(p, effective));
    const label = { metric, stat, unit, n, ci95: intervals[index] ?? null, shown };
    return compareStatistic(label, sim?.[index] ?? null, n === 0 ? [] : reals.map((real) => real[index]!));
  });
}

/** Relative error of each statistic, simulated against the mean over the repeats. */
function errors([sim, ...reals]: readonly (readonly number[])[]): (number | null)[] {
  return sim!.map((value, index) => relativeError(value, mean(reals.map((real) => real[index]!))));
}
