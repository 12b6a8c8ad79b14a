/**
 * How many requests meet the limits, and in how many minutes the goals are missed: what a goal over a whole day does
 * not show. Inter-token latency is not kept by request, and is left out.
 */
import type { Goals, RequestColumns, SloMetric } from "../../formats/index.js";
import { inOrderOfArrival } from "../metrics/index.js";
import { latenciesOf } from "./measure-goals.js";

export interface Attainment {
  /** Of all requests, those that meet the limit of every percentile and of --goodput; limits of means do not count. */
  readonly share: number;
  /** Minutes, by arrival, with a request; and those of them whose requests miss a goal. */
  readonly minutes: number;
  readonly minutesOutside: number;
}

interface Limit {
  readonly values: Float64Array;
  readonly limitMs: number;
  /** Share of the requests that may be beyond the limit; absent: their mean may not. */
  readonly mayMiss?: number;
}

const MINUTE_NS = 60e9;
/** So that 1 of 100 requests is within 1 %. */
const EPSILON = 1e-9;

export function attainmentOf(table: RequestColumns, { slos, goodput }: Goals): Attainment {
  const columns = inOrderOfArrival(table);
  const of = (metric: Exclude<SloMetric, "itl">, className?: string): Float64Array =>
    latenciesOf(columns, metric, className);
  const limits = slos.flatMap(({ metric, quantile, limitMs, class: className }): Limit[] => {
    if (metric === "itl") return [];
    return [{ values: of(metric, className), limitMs, ...(quantile === undefined ? {} : { mayMiss: 1 - quantile }) }];
  });
  const perRequest = Object.entries(goodput?.limitsMs ?? {}).map(([metric, limitMs]): Limit => {
    return { values: of(metric as "ttft"), limitMs };
  });
  const isGood = (row: number, all: readonly Limit[]): boolean => all.every(({ values, limitMs }) => !(values[row]! > limitMs)); // prettier-ignore
  const counted = [...limits.filter(({ mayMiss }) => mayMiss !== undefined), ...perRequest];
  let good = 0;
  for (let row = 0; row < columns.rows; row++) if (isGood(row, counted)) good++;
  const spans = minutesOf(columns);
  const isOutside = ({ from, to }: Span): boolean => {
    let missed = 0;
    if (goodput !== undefined) for (let row = from; row < to; row++) if (!isGood(row, perRequest)) missed++;
    if (goodput !== undefined && missed > (1 - goodput.attainment) * (to - from) + EPSILON) return true;
    return limits.some((limit) => isMissed(limit, from, to));
  };
  return {
    share: columns.rows === 0 ? 1 : good / columns.rows,
    minutes: spans.length,
    minutesOutside: spans.filter(isOutside).length,
  };
}

function isMissed({ values, limitMs, mayMiss }: Limit, from: number, to: number): boolean {
  let [beyond, sum, count] = [0, 0, 0];
  for (let row = from; row < to; row++) {
    const value = values[row]!;
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
    if (value > limitMs) beyond++;
  }
  return mayMiss === undefined ? sum > limitMs * count : beyond > mayMiss * count + EPSILON;
}

interface Span {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

function minutesOf({ rows, arrivalNs }: RequestColumns): Span[] {
  const spans: Span[] = [];
  for (let from = 0; from < rows;) {
    const minute = Math.floor(arrivalNs[from]! / MINUTE_NS);
    let to = from;
    while (to < rows && Math.floor(arrivalNs[to]! / MINUTE_NS) === minute) to++;
    spans.push({ from, to });
    from = to;
  }
  return spans;
}
