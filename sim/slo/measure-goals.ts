/**
 * The goals of a run: each statistic over its limit, of the requests between the start-up and the end of the arrivals. A
 * request that was rejected, or has no such time, breaks every limit. Inter-token latency is that of the whole run, since
 * its gaps are not kept by request.
 */
import {
  ConfigError,
  greatest,
  type Goals,
  type GoodputGoal,
  type GoodputMetric,
  type RequestColumns,
  type Slo,
  type SloMetric,
} from "../../formats/index.js";
import { inOrderOfArrival, mean, minimumCount, quantilesOfAny, warmUpCount } from "../metrics/index.js";
import type { RunOutcome } from "../engine/index.js";
import { sustained, type GoalValue } from "./sustained.js";

export interface MeasuredGoals {
  readonly goals: readonly GoalValue[];
  /** The first request by arrival that counts: where the start-up ends. */
  readonly from: number;
}

/** What no request may take, in place of the latency of one that was not served. */
const NEVER_MS = 1e12;
/** Share of the arrivals after which the server must keep up. */
const KEEPING_UP_FROM = 0.25;

export interface MeasureOptions {
  /** Cuts the start-up off, and asks whether the server keeps up: of loads that go on at one rate. */
  readonly isSteady: boolean;
}

export function measureGoals(
  { table, gaps }: { readonly table: RequestColumns; readonly gaps?: RunOutcome["gaps"] },
  { slos, goodput }: Goals,
  { isSteady }: MeasureOptions,
): MeasuredGoals {
  const columns = inOrderOfArrival(table);
  const latencies = new Map<string, Float64Array>();
  const of = (metric: Exclude<SloMetric, "itl">, className?: string): Float64Array => {
    const key = `${metric}@${className ?? ""}`;
    const known = latencies.get(key) ?? latenciesOf(columns, metric, className);
    latencies.set(key, known);
    return known;
  };
  const from = isSteady ? warmUpCount(finite(of("e2el"))) : 0;
  const counted = (metric: Exclude<SloMetric, "itl">, className?: string): Float64Array =>
    of(metric, className).slice(from).filter(isKnown);
  const valueOf = ({ metric, quantile, class: className }: Slo): Pick<GoalValue, "value" | "isUnanswered"> => {
    if (metric === "itl") return { value: (quantile === undefined ? gaps?.meanMs() : gaps?.quantileMs(quantile)) ?? 0 };
    const values = counted(metric, className);
    if (values.length === 0) return { value: 0 };
    const value = quantile === undefined ? mean(values) : quantilesOfAny(values, [quantile])[0]!;
    const answered = finite(values);
    const isAnswered = answered.length === values.length || (quantile !== undefined && value <= greatest(answered));
    return isAnswered ? { value } : { value, isUnanswered: true };
  };
  const goals = slos.map((slo): GoalValue => {
    const found = valueOf(slo);
    return { name: slo.name, ...found, limit: slo.limitMs, ratio: found.value / slo.limitMs };
  });
  if (goodput !== undefined) goals.push(goodputOf(goodput, (metric) => of(metric).subarray(from)));
  if (isSteady) goals.push(keepingUp(columns, from));
  return { goals, from };
}

/** Requests that it takes for every goal to be shown at all, were they independent (docs/metrics.md, "Percentiles"). */
export function requestsToShow({ slos, goodput }: Goals): number {
  const counts = slos.map(({ quantile, share = 1 }) => (quantile === undefined ? 1 : minimumCount(quantile) / share));
  if (goodput !== undefined) counts.push(minimumCount(goodput.attainment));
  return Math.ceil(greatest([1, ...counts]));
}

/**
 * By row, ms; NaN where the metric does not exist (an answer of one token has no time per output token), and of requests of
 * another class than the one asked for. ConfigError where the run does not say the classes.
 */
export function latenciesOf(
  columns: RequestColumns,
  metric: Exclude<SloMetric, "itl">,
  className?: string,
): Float64Array {
  const { classOf } = columns;
  if (className !== undefined && classOf === undefined) {
    throw new ConfigError(`the goal is of class ${className}, but the run does not say the classes of its requests`);
  }
  const { rows, ok, arrivalNs, scheduledNs, firstTokenNs, lastTokenNs, outputTokens } = columns;
  const values = new Float64Array(rows);
  const endNs = { ttft: firstTokenNs, e2el: lastTokenNs, queue: scheduledNs, tpot: lastTokenNs }[metric];
  for (let row = 0; row < rows; row++) {
    if (className !== undefined && classOf!(row) !== className) values[row] = NaN;
    else if (ok[row] === 0) values[row] = NEVER_MS;
    else if (metric !== "tpot") values[row] = (endNs[row]! - arrivalNs[row]!) / 1e6;
    else {
      const after = outputTokens[row]! - 1;
      values[row] = after === 0 ? NaN : (endNs[row]! - firstTokenNs[row]!) / 1e6 / after;
    }
  }
  return values;
}

function goodputOf(goal: GoodputGoal, of: (metric: GoodputMetric) => Float64Array): GoalValue {
  const { limitsMs, attainment } = goal;
  const columns = Object.entries(limitsMs).map(([metric, limitMs]) => [of(metric as GoodputMetric), limitMs] as const);
  const rows = columns[0]![0].length;
  const worst = new Float64Array(rows);
  let good = 0;
  for (let row = 0; row < rows; row++) {
    let ratio = 0;
    // An answer of one token has no time per output token and meets any (vLLM counts it as 0).
    for (const [values, limitMs] of columns) ratio = Math.max(ratio, (values[row]! || 0) / limitMs);
    worst[row] = ratio;
    if (ratio <= 1) good++;
  }
  const ratio = rows === 0 ? 0 : quantilesOfAny(worst, [attainment])[0]!;
  return { name: "goodput", value: rows === 0 ? 1 : good / rows, limit: attainment, ratio };
}

/** Arrivals for each answer, from the end of the start-up to the last arrival. */
function keepingUp({ rows, arrivalNs, lastTokenNs, ok }: RequestColumns, from: number): GoalValue {
  const first = Math.max(from, Math.floor(KEEPING_UP_FROM * rows));
  const fromNs = arrivalNs[first] ?? 0;
  const toNs = arrivalNs[rows - 1] ?? 0;
  const came = rows - 1 - first;
  let answered = 0;
  let inSystemNs = 0;
  for (let row = 0; row < rows; row++) {
    const endNs = ok[row] === 0 ? arrivalNs[row]! : lastTokenNs[row]!;
    if (endNs > fromNs && endNs <= toNs) answered++;
    inSystemNs += Math.max(0, Math.min(endNs, toNs) - Math.max(arrivalNs[row]!, fromNs));
  }
  return sustained({ came, answered, inSystem: toNs > fromNs ? inSystemNs / (toNs - fromNs) : 0 });
}

function isKnown(value: number): boolean {
  return !Number.isNaN(value);
}

function finite(values: Float64Array): Float64Array {
  return values.filter((value) => value < NEVER_MS);
}
