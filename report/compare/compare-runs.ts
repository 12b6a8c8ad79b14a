/**
 * compare: how wrong was the simulation. Joins a simulation, or one for each real run, with the real repeats of the
 * same requests and sets every statistic side by side. The result is comparison.json (fractions 0-1, units in each
 * entry).
 */
import { defined, requestCount, type Run } from "../../formats/index.js";
import { columnsIn, summarise } from "../../sim/metrics/index.js";
import { compareBatches, type BatchComparison } from "./batches.js";
import { classPairs } from "./by-class.js";
import { splitE2el, type E2elSplit } from "./e2el-split.js";
import { compareFacts } from "./facts.js";
import { joinRuns, type JoinReport, type Pairs } from "./join.js";
import { compareRequestMetric, requestMetricNames, type OneClass } from "./request-metric.js";
import { simulatedValue } from "./simulated-value.js";
import { compareStatistic, type Judging, type StatisticComparison } from "./statistic.js";
import { areDisturbed } from "./disturbed.js";
import { tallyOf, type Tally } from "./tally.js";
import { defaultTolerance, withTolerances, type Threshold } from "./tolerances.js";
import { LEVEL } from "./verdict.js";

export const COMPARISON_VERSION = 2;

export interface CompareOptions {
  /** Seed of the bootstrap; the same seed gives the same intervals. Default "1". */
  readonly seed?: string | undefined;
  /** Bootstrap resamples, of a single real run; default 1000. */
  readonly resamples?: number | undefined;
  /** In place of the defaults of the statistics that they name. */
  readonly tolerances?: readonly Threshold[] | undefined;
}

/** The content of comparison.json. */
export interface Comparison {
  readonly version: typeof COMPARISON_VERSION;
  readonly sim: RunLabel;
  /** One entry per repeat. */
  readonly real: readonly RunLabel[];
  readonly seed: string;
  readonly resamples: number;
  /** Probability with which an interval holds the error. */
  readonly level: number;
  /** How often each verdict was given, of statistics that people are shown. */
  readonly verdicts: Tally;
  readonly join: JoinReport;
  /**
   * ttft, e2el, tpot, throughput, queue: mean, p50, p95, p99 of each, over the joined requests; then the same of each class of a load
   * with classes, as ttft@NAME.
   */
  readonly metrics: readonly StatisticComparison[];
  /**
   * request_throughput, output_throughput, duration of the whole runs; where they have them, requests given up (aborted, retried,
   * unanswered), wasted_output_tokens, and attainment@NAME of each class.
   */
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

/**
 * Compares runs; ArtifactError when they are not of the same requests. Any run may stand on either side. `sim`: one
 * run, or one for each real run, such as at the pace that the machine had before it.
 */
export function compareRuns(
  sim: Run | readonly Run[],
  reals: readonly Run[],
  options: CompareOptions = {},
): Comparison {
  const { seed = "1", resamples = 1000, tolerances = [] } = options;
  const sims = "info" in sim ? [sim] : sim;
  const { pairs, report } = joinRuns(sims, reals);
  const { info } = sims[0]!;
  const judging = {
    toleranceOf: withTolerances(defaultTolerance(info.engine.name), tolerances),
    isDisturbed: areDisturbed(reals),
  };
  const compared = (of: Pairs, ofClass?: OneClass): StatisticComparison[] =>
    requestMetricNames.flatMap((metric) =>
      compareRequestMetric(metric, of, {
        sims,
        ...judging,
        bootstrap: { name: `${seed}/0/compare-${metric}${ofClass === undefined ? "" : `@${ofClass.name}`}`, resamples },
        ...defined({ ofClass }),
      }),
    );
  const ofClasses = classPairs(pairs, sims).flatMap(({ pairs: own, ...ofClass }) => compared(own, ofClass));
  const metrics = [...compared(pairs), ...ofClasses];
  const totals = [...compareTotals(sims, reals, judging), ...compareFacts(sims, reals, judging)];
  const batches = compareBatches(sims, reals, judging);
  return {
    version: COMPARISON_VERSION,
    sim: label(sims[0]!),
    real: reals.map(label),
    seed,
    resamples,
    level: LEVEL,
    verdicts: tallyOf([...metrics, ...totals, ...(batches?.statistics ?? [])].filter(({ shown }) => shown)),
    join: report,
    metrics,
    totals,
    e2el_split: splitE2el(pairs, info.source === "sim"),
    batches,
  };
}

function label(run: Run): RunLabel {
  const { source, policy, engine } = run.info;
  return { source, policy, engine: engine.name, requests: requestCount(run) };
}

const totalUnits = { request_throughput: "req/s", output_throughput: "tok/s", duration: "s" } as const;

/** One number per run: a single real run does not show how much another would differ. */
function compareTotals(
  sims: readonly Run[],
  reals: readonly Run[],
  { toleranceOf, isDisturbed }: Judging,
): StatisticComparison[] {
  const simSummaries = sims.map((run) => summarise(columnsIn(run)));
  const realSummaries = reals.map((run) => summarise(columnsIn(run)));
  return (Object.keys(totalUnits) as (keyof typeof totalUnits)[]).map((metric) =>
    compareStatistic(
      {
        metric,
        stat: "run",
        unit: totalUnits[metric],
        n: simSummaries[0]!.completed,
        tolerance: toleranceOf(metric, "run"),
        isDisturbed,
      },
      simSummaries.map((summary, at) => {
        const value = summary[metric];
        return value === null ? null : simulatedValue(sims[at]!, metric, value, true);
      }),
      realSummaries.map((summary) => summary[metric]),
    ),
  );
}
