/**
 * compare: how wrong was the simulation. Joins a simulated run with one or more real repeats of the same requests and
 * sets every statistic side by side. The result is comparison.json (fractions 0-1, units in each entry).
 */
import type { Run } from "../../formats/index.js";
import { columnsOf, summarise } from "../../sim/metrics/index.js";
import { compareBatches, type BatchComparison } from "./batches.js";
import { splitE2el, type E2elSplit } from "./e2el-split.js";
import { joinRuns, type JoinReport } from "./join.js";
import { compareRequestMetric, requestMetricNames } from "./request-metric.js";
import { compareStatistic, type StatisticComparison } from "./statistic.js";

export const COMPARISON_VERSION = 1;

export interface CompareOptions {
  /** Seed of the bootstrap; the same seed gives the same intervals. Default "1". */
  readonly seed?: string | undefined;
  /** Bootstrap resamples; default 1000. */
  readonly resamples?: number | undefined;
}

/** The content of comparison.json. */
export interface Comparison {
  readonly version: typeof COMPARISON_VERSION;
  readonly sim: RunLabel;
  /** One entry per repeat. */
  readonly real: readonly RunLabel[];
  readonly seed: string;
  readonly resamples: number;
  readonly join: JoinReport;
  /** ttft, e2el, tpot, throughput, queue: mean, p50, p95, p99 of each, over the joined requests. */
  readonly metrics: readonly StatisticComparison[];
  /** request_throughput, output_throughput, duration of the whole runs. */
  readonly totals: readonly StatisticComparison[];
  readonly e2el_split: E2elSplit;
  readonly batches: BatchComparison | null;
}

/** Which run a side is. */
export interface RunLabel {
  readonly source: string;
  readonly policy: string;
  readonly engine: string;
  readonly requests: number;
}

/** Compares runs; ArtifactError when they are not of the same requests. Any run may stand on either side. */
export function compareRuns(sim: Run, reals: readonly Run[], options: CompareOptions = {}): Comparison {
  const { seed = "1", resamples = 1000 } = options;
  const { pairs, report } = joinRuns(sim, reals);
  return {
    version: COMPARISON_VERSION,
    sim: label(sim),
    real: reals.map(label),
    seed,
    resamples,
    join: report,
    metrics: requestMetricNames.flatMap((metric) =>
      compareRequestMetric(metric, pairs, { name: `${seed}/0/compare-${metric}`, resamples }),
    ),
    totals: compareTotals(sim, reals),
    e2el_split: splitE2el(pairs, sim.info.source === "sim"),
    batches: compareBatches(sim, reals),
  };
}

function label(run: Run): RunLabel {
  const { source, policy, engine } = run.info;
  return { source, policy, engine: engine.name, requests: run.requests.length };
}

const totalUnits = { request_throughput: "req/s", output_throughput: "tok/s", duration: "s" } as const;

/** One number per run has no bootstrap interval: a verdict needs repeats. */
function compareTotals(sim: Run, reals: readonly Run[]): StatisticComparison[] {
  const simSummary = summarise(columnsOf(sim.requests));
  const realSummaries = reals.map((run) => summarise(columnsOf(run.requests)));
  return (Object.keys(totalUnits) as (keyof typeof totalUnits)[]).map((metric) =>
    compareStatistic(
      { metric, stat: "run", unit: totalUnits[metric], n: simSummary.completed },
      simSummary[metric],
      realSummaries.map((summary) => summary[metric]),
    ),
  );
}
