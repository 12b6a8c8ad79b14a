/** What a list of requests looks like: how many when, how bursty, how long, and what a prefix cache could save. */
import type { WorkloadRequest } from "../../../formats/index.js";
import { nearestRank } from "../../kernel/index.js";
import { findBinning, type Binning } from "../binning.js";
import { prefixCeiling, type PrefixCeiling } from "./prefix-ceiling.js";
import { meanRatePerS } from "./trace-times.js";

export interface LengthStatistics {
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly total: number;
}

/** When requests arrive. A figure that needs more requests or time than there is is undefined. */
export interface ArrivalStatistics {
  readonly spanNs: number;
  readonly meanRatePerS: number | undefined;
  /** Most requests in any one of the seconds, or minutes, counted from the first request. */
  readonly mostInSecond: number;
  readonly mostInMinute: number;
  /** Standard deviation of the gaps over their mean: 1 for Poisson, 0 for constant. */
  readonly gapVariation: number | undefined;
  /** Variance of the requests in a second over their mean: 1 for Poisson at any rate; over whole seconds. */
  readonly dispersionPerSecond: number | undefined;
  readonly binning: Binning | undefined;
  /** Requests in equal parts of the span, from first to last. */
  readonly counts: readonly number[];
}

export interface TraceStatistics {
  readonly requests: number;
  readonly prompt: LengthStatistics;
  readonly output: LengthStatistics;
  /** Undefined where requests have no arrival times. */
  readonly arrivals: ArrivalStatistics | undefined;
  readonly prefix: PrefixCeiling | undefined;
}

export interface StatisticsOptions {
  /** Tokens of a block of the prefix cache. */
  readonly blockTokens: number;
  /** Parts of `counts`. */
  readonly parts: number;
}

/** Statistics of at least one request, in order of arrival. Quantiles are exact: the value of rank ceil(p n). */
export function traceStatistics(
  requests: readonly WorkloadRequest[],
  { blockTokens, parts }: StatisticsOptions,
): TraceStatistics {
  return {
    requests: requests.length,
    prompt: valueStatistics(requests.map(({ promptTokens }) => promptTokens)),
    output: valueStatistics(requests.map(({ outputTokens }) => outputTokens)),
    arrivals: requests[0]?.arrivalNs === undefined ? undefined : arrivalStatistics(requests, parts),
    prefix: prefixCeiling(requests, blockTokens),
  };
}

/** Of at least one value. */
export function valueStatistics(values: readonly number[]): LengthStatistics {
  const sorted = Float64Array.from(values).sort();
  const total = sorted.reduce((sum, value) => sum + value, 0);
  const at = (p: number): number => nearestRank(sorted, p)!;
  return { mean: total / sorted.length, min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), total };
}

function arrivalStatistics(requests: readonly WorkloadRequest[], parts: number): ArrivalStatistics {
  const originNs = requests[0]!.arrivalNs!;
  const timesNs = requests.map(({ arrivalNs }) => arrivalNs! - originNs);
  const spanNs = timesNs.at(-1)!;
  const gaps = timesNs.slice(1).map((timeNs, at) => timeNs - timesNs[at]!);
  const gapMoments = moments(gaps);
  const perSecond = countsOf(timesNs, 1e9);
  const wholeSeconds = moments(perSecond.slice(0, Math.floor(spanNs / 1e9)));
  return {
    spanNs,
    meanRatePerS: meanRatePerS(requests),
    mostInSecond: most(perSecond),
    mostInMinute: most(countsOf(timesNs, 60e9)),
    gapVariation: gaps.length > 1 && gapMoments.mean > 0 ? Math.sqrt(gapMoments.variance) / gapMoments.mean : undefined,
    dispersionPerSecond: spanNs >= 2e9 ? wholeSeconds.variance / wholeSeconds.mean : undefined,
    binning: findBinning(requests),
    counts: spanNs === 0 ? [timesNs.length] : countsOf(timesNs, spanNs / parts, parts),
  };
}

/** Requests in each window of a width; what falls on the end of the last of `windows` counts into it. */
function countsOf(timesNs: readonly number[], widthNs: number, windows = Infinity): number[] {
  const last = Math.min(windows - 1, Math.floor(timesNs.at(-1)! / widthNs));
  const counts = new Array<number>(last + 1).fill(0);
  for (const timeNs of timesNs) counts[Math.min(last, Math.floor(timeNs / widthNs))]!++;
  return counts;
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

function most(values: readonly number[]): number {
  return values.reduce((greatest, value) => Math.max(greatest, value), 0);
}
