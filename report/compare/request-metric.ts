/**
 * Error of a per-request metric: mean, p50, p95 and p99 over the paired requests. Of a single real run, with intervals from
 * resampling the pairs (a request is drawn with its simulated and its real values together).
 */
import { least, type RequestRecord, type Run } from "../../formats/index.js";
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
import { simulatedValue } from "./simulated-value.js";
import { compareStatistic, relativeError, type StatisticComparison } from "./statistic.js";
import type { ToleranceOf } from "./tolerances.js";
import { LEVEL } from "./verdict.js";

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

export interface CompareMetricOptions {
  /** The simulations, in the order of each pair's. */
  readonly sims: readonly Run[];
  readonly toleranceOf: ToleranceOf;
  readonly bootstrap: Omit<BootstrapOptions, "level">;
}

/** Compares one metric over the pairs in which every run knows it; one entry per statistic, n is the same in all. */
export function compareRequestMetric(
  metric: RequestMetric,
  pairs: readonly Pair[],
  { sims, toleranceOf, bootstrap }: CompareMetricOptions,
): StatisticComparison[] {
  const { unit, of } = requestMetrics[metric];
  const values = pairs
    .map((pair) => [...pair.sims, ...pair.reals].map(of))
    .filter((row): row is number[] => row.every((value) => value !== null));
  const n = values.length;
  const runs = values[0]?.length ?? 0;
  // Requests of a run wait for each other: they count as far as they are independent, in the run where they are least.
  const counts = Array.from({ length: runs }, (_, run) =>
    effectiveCount(Float64Array.from(values, (row) => row[run]!)),
  );
  const effective = Math.min(n, least(counts));
  const samples = Array.from({ length: runs }, (_, run) => rank(Float64Array.from(values, (row) => row[run]!)));
  const statisticsOf = (draws: Uint32Array): number[][] => samples.map((sample) => resampled(sample, draws, quantiles));
  const isSingle = runs === sims.length + 1;
  const errorsOf = (draws: Uint32Array): (number | null)[] => errors(statisticsOf(draws), sims.length);
  const intervals = isSingle ? bootstrapIntervals(n, errorsOf, { ...bootstrap, level: LEVEL }) : [];
  const all = n === 0 ? [] : statisticsOf(new Uint32Array(n).fill(1));
  // Means over replications are of all requests that a simulation answered, and so of these only if they are the same.
  const isWhole = sims.map(({ requests }) => requests.filter((request) => of(request) !== null).length === n);
  return statNames.map((stat, index) => {
    const p = statQuantiles[stat];
    const shown = n > 0 && (p === null || percentileIsShown(p, effective));
    const tolerance = toleranceOf(metric, stat);
    const label = { metric, stat, unit, n, tolerance, requests: intervals[index] ?? null, shown };
    const simulated = sims.map((run, at) => {
      const value = all[at]?.[index];
      return value === undefined ? null : simulatedValue(run, `${stat}_${metric}_ms`, value, isWhole[at]!);
    });
    return compareStatistic(label, simulated, all.slice(sims.length).map((real) => real[index]!)); // prettier-ignore
  });
}

/** Relative error of each statistic: mean over the simulations, which come first, against the mean over the repeats. */
function errors(runs: readonly (readonly number[])[], sims: number): (number | null)[] {
  const meanOf = (some: readonly (readonly number[])[], at: number): number => mean(some.map((run) => run[at]!));
  return runs[0]!.map((_, at) => relativeError(meanOf(runs.slice(0, sims), at), meanOf(runs.slice(sims), at)));
}
