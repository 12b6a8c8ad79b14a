/**
 * Error of a per-request metric: mean, p50, p95 and p99 over the paired requests. Of a single real run, with intervals from
 * resampling the pairs (a request is drawn with its simulated and its real values together).
 */
import { least, type Run } from "../../formats/index.js";
import {
  bootstrapIntervals,
  columnsIn,
  effectiveCount,
  mean,
  percentileIsShown,
  quantile,
  rank,
  resampled,
  type BootstrapOptions,
  type Interval,
  type RequestColumns,
} from "../../sim/metrics/index.js";
import type { Pairs } from "./join.js";
import { simulatedValue } from "./simulated-value.js";
import { compareStatistic, relativeError, type Judging, type StatisticComparison } from "./statistic.js";
import { LEVEL } from "./verdict.js";

/** A value of the request in that row; NaN where the run lacks a time that it needs. */
type ValueOf = (columns: RequestColumns, row: number) => number;

const e2elMs: ValueOf = ({ arrivalNs, lastTokenNs }, row) => (lastTokenNs[row]! - arrivalNs[row]!) / 1e6;

/** The metrics that are compared request by request, and how one request's value is found. Formulas: docs/metrics.md. */
const requestMetrics = {
  ttft: { unit: "ms", of: ({ arrivalNs, firstTokenNs }, row) => (firstTokenNs[row]! - arrivalNs[row]!) / 1e6 },
  e2el: { unit: "ms", of: e2elMs },
  tpot: {
    unit: "ms",
    of: ({ firstTokenNs, lastTokenNs, outputTokens }, row) =>
      outputTokens[row]! <= 1 ? NaN : (lastTokenNs[row]! - firstTokenNs[row]!) / 1e6 / (outputTokens[row]! - 1),
  },
  throughput: {
    unit: "tok/s",
    of: (columns, row) => {
      const latencyMs = e2elMs(columns, row);
      return latencyMs > 0 ? (columns.outputTokens[row]! * 1000) / latencyMs : NaN;
    },
  },
  queue: { unit: "ms", of: ({ arrivalNs, scheduledNs }, row) => (scheduledNs[row]! - arrivalNs[row]!) / 1e6 },
} as const satisfies Record<string, { unit: string; of: ValueOf }>;

export type RequestMetric = keyof typeof requestMetrics;

/** Statistics that are compared, and the quantile (0-1) of each percentile. */
export const statQuantiles = { mean: null, p50: 0.5, p95: 0.95, p99: 0.99 } as const;

export type Stat = keyof typeof statQuantiles;

export const requestMetricNames = Object.keys(requestMetrics) as RequestMetric[];
export const statNames = Object.keys(statQuantiles) as Stat[];

const quantiles = [0.5, 0.95, 0.99];

/** Pairs that are resampled at most. */
const MAX_RESAMPLED = 20_000;

/** Requests of one class alone: what is put behind the metric's name, and who is of it in each simulation. */
export interface OneClass {
  readonly name: string;
  readonly isOwn: readonly ((row: number) => boolean)[];
}

export interface CompareMetricOptions extends Judging {
  /** The simulations, in the order of each pair's. */
  readonly sims: readonly Run[];
  readonly bootstrap: Omit<BootstrapOptions, "level">;
  readonly ofClass?: OneClass;
}

/** Compares one metric over the pairs in which every run knows it; one entry per statistic, n is the same in all. */
export function compareRequestMetric(
  metric: RequestMetric,
  pairs: Pairs,
  { sims, toleranceOf, isDisturbed, bootstrap, ofClass }: CompareMetricOptions,
): StatisticComparison[] {
  const { unit, of } = requestMetrics[metric];
  const suffix = ofClass === undefined ? "" : `@${ofClass.name}`;
  const values = valuesOf(pairs, of);
  const n = values[0]!.length;
  // Requests of a run wait for each other: they count as far as they are independent, in the run where they are least.
  const effective = Math.min(n, least(values.map((each) => effectiveCount(each))));
  const all = n === 0 ? [] : values.map(statisticsOf);
  const isSingle = values.length === sims.length + 1;
  const intervals = isSingle ? intervalsOf(values, all, sims.length, bootstrap) : [];
  // Means over replications are of all requests that a simulation answered, and so of these only if they are the same.
  const isWhole = sims.map((run, at) => countKnown(columnsIn(run), of, ofClass?.isOwn[at]) === n);
  return statNames.map((stat, index) => {
    const p = statQuantiles[stat];
    const shown = n > 0 && (p === null || percentileIsShown(p, effective));
    const tolerance = toleranceOf(`${metric}${suffix}`, stat);
    const label = {
      metric: `${metric}${suffix}`,
      stat,
      unit,
      n,
      tolerance,
      isDisturbed,
      requests: intervals[index] ?? null,
      shown,
    };
    const simulated = sims.map((run, at) => {
      const value = all[at]?.[index];
      return value === undefined ? null : simulatedValue(run, `${stat}_${metric}_ms${suffix}`, value, isWhole[at]!);
    });
    return compareStatistic(label, simulated, all.slice(sims.length).map((real) => real[index]!)); // prettier-ignore
  });
}

/** The values of the pairs that have one in every run, run by run: simulations first. */
function valuesOf({ count, sims, reals }: Pairs, of: ValueOf): Float64Array[] {
  const runs = [...sims, ...reals];
  const values = runs.map(() => new Float64Array(count));
  let known = 0;
  for (let pair = 0; pair < count; pair++) {
    let isKnown = true;
    for (let run = 0; run < runs.length && isKnown; run++) {
      const { columns, rows } = runs[run]!;
      const value = of(columns, rows[pair]!);
      values[run]![known] = value;
      isKnown = !Number.isNaN(value);
    }
    if (isKnown) known++;
  }
  return values.map((column) => column.subarray(0, known));
}

function countKnown(columns: RequestColumns, of: ValueOf, isCounted: (row: number) => boolean = () => true): number {
  let known = 0;
  for (let row = 0; row < columns.rows; row++) if (isCounted(row) && !Number.isNaN(of(columns, row))) known++;
  return known;
}

/** In the order of `statNames`. */
function statisticsOf(values: Float64Array): number[] {
  const sorted = values.slice().sort();
  return [mean(sorted), ...quantiles.map((p) => quantile(sorted, p))];
}

/**
 * Intervals of the errors. Of more pairs than are resampled, evenly picked ones are, and the interval is narrowed by the root
 * of their share: the m out of n bootstrap (Bickel, Goetze and van Zwet, 1997).
 */
function intervalsOf(
  values: readonly Float64Array[],
  all: readonly (readonly number[])[],
  sims: number,
  bootstrap: CompareMetricOptions["bootstrap"],
): readonly (Interval | null)[] {
  const n = values[0]!.length;
  const stride = Math.ceil(n / MAX_RESAMPLED) || 1;
  const picked = stride === 1 ? values : values.map((column) => everyNth(column, stride));
  const m = picked[0]!.length;
  const samples = picked.map(rank);
  const errorsOf = (draws: Uint32Array): (number | null)[] =>
    errors(
      samples.map((sample) => resampled(sample, draws, quantiles)),
      sims,
    );
  const intervals = bootstrapIntervals(m, errorsOf, { ...bootstrap, level: LEVEL });
  if (stride === 1) return intervals;
  const [ofAll, ofPicked] = [errors(all, sims), errors(picked.map(statisticsOf), sims)];
  const narrower = Math.sqrt(m / n);
  return intervals.map((interval, at) => {
    const [centre, own] = [ofAll[at] ?? null, ofPicked[at] ?? null];
    if (interval === null || centre === null || own === null) return null;
    return [centre + narrower * (interval[0] - own), centre + narrower * (interval[1] - own)];
  });
}

function everyNth(values: Float64Array, stride: number): Float64Array {
  return Float64Array.from({ length: Math.ceil(values.length / stride) }, (_, at) => values[at * stride]!);
}

/** Relative error of each statistic: mean over the simulations, which come first, against the mean over the repeats. */
function errors(runs: readonly (readonly number[])[], sims: number): (number | null)[] {
  const meanOf = (some: readonly (readonly number[])[], at: number): number => mean(some.map((run) => run[at]!));
  return runs[0]!.map((_, at) => relativeError(meanOf(runs.slice(0, sims), at), meanOf(runs.slice(sims), at)));
}
