/**
 * The summary of a run, simulated or real: the keys of `vllm bench serve` (milliseconds, requests/s, tokens/s)
 * and ours. Formulas are in docs/metrics.md. Only requests with status ok count; what cannot be computed is null.
 */
import { ArtifactError } from "../../formats/index.js";
import type { ClassFigures } from "./class-summary.js";
import { effectiveCount } from "./statistics/index.js";
import { GapSegments } from "./gaps/index.js";
import type { GiveUpSummary } from "./give-ups.js";
import { countGood, type GoodputLimits } from "./goodput.js";
import { gapsMs, inOrderOfArrival, tpotsMs } from "./latencies.js";
import { judgeOverload } from "./overload.js";
import { percentileIsShown } from "./statistics/index.js";
import type { RequestColumns } from "./request-columns.js";
import {
  statisticsOf,
  mean,
  momentsOf,
  statisticQuantile,
  statisticNames,
  type StatisticName,
  type Statistics,
} from "./statistics/index.js";
import { intervalsUntil, sweepLine, type Intervals } from "./statistics/index.js";

type EffectiveCounts<Metric extends string> = Readonly<Record<`effective_n_${Metric}`, number>>;

type StatisticKeys<Metric extends string> = Readonly<Record<`${StatisticName}_${Metric}_ms`, number | null>>;

/** What run.json keeps as `summary`. */
export type Summary = {
  readonly completed: number;
  /** Requests rejected, lost to an error or given up by their client. */
  readonly failed: number;
  /** Seconds from the first arrival to the last last token. */
  readonly duration: number | null;
  readonly total_input_tokens: number;
  readonly total_output_tokens: number;
  readonly request_throughput: number | null;
  readonly output_throughput: number | null;
  readonly total_token_throughput: number | null;
  /** Requests/s that met every limit; only when limits were given. */
  readonly request_goodput?: number | null;
  readonly max_concurrent_requests: number | null;
  readonly mean_concurrent_requests: number | null;
  readonly max_queued_requests: number | null;
  readonly mean_queued_requests: number | null;
  /** Mean concurrency / (request throughput x mean e2el): 1 when every finished request has its times. */
  readonly littles_law_ratio: number | null;
  /** Load came faster than it was served: latencies depend on how long the run was. */
  readonly overloaded: boolean;
  /** Requests/s by which the number in the system grew in the second half of the arrivals' time. */
  readonly queue_growth_per_s: number | null;
  readonly mean_client_delay_ms: number | null;
  /**
   * Keys whose number comes from too few requests, as far as they are independent, to be shown to people; it stays
   * here.
   */
  readonly hidden_percentiles: readonly string[];
} & Partial<GiveUpSummary> &
  ClassFigures &
  StatisticKeys<"ttft" | "tpot" | "e2el" | "queue"> &
  Partial<StatisticKeys<"itl">> &
  EffectiveCounts<"ttft" | "tpot" | "e2el" | "queue"> &
  Partial<EffectiveCounts<"itl">>;

export interface SummaryOptions {
  readonly goodput?: GoodputLimits | undefined;
  /**
   * Every gap between two output tokens of one request, pooled, where the run recorded them: in ms, or
   * collected.
   */
  readonly itl?: Float64Array | GapSegments | undefined;
}

/** What a run says of one latency. */
interface Sample {
  readonly metric: string;
  readonly count: number;
  /** How many independent values would say as much. */
  readonly effectiveCount: number;
  readonly statistics: Statistics | null;
}

/** Summarises a run. A finished request that ends before it arrives is an ArtifactError. */
export function summarise(columns: RequestColumns, options: SummaryOptions = {}): Summary {
  const { arrivalNs, sentNs, scheduledNs, lastTokenNs } = columns;
  const { goodput, itl } = options;
  const { completed, inputTokens, outputTokens, durationNs } = totals(columns);
  const ordered = inOrderOfArrival(columns);
  // One after the other is put there, so that a million requests take no new memory for each.
  const room = new Float64Array(columns.rows);
  const sinceArrival = (endNs: Float64Array): Float64Array => gapsMs(ordered, ordered.arrivalNs, endNs, room);
  const tpot = sampleOf("tpot", tpotsMs(ordered, room));
  const samples = [
    sampleOf("ttft", sinceArrival(ordered.firstTokenNs)),
    tpot,
    sampleOf("e2el", sinceArrival(ordered.lastTokenNs)),
    sampleOf("queue", sinceArrival(ordered.scheduledNs)),
    ...(itl === undefined ? [] : [itlSample(itl, tpot)]),
  ];
  const statistics = statisticKeys(samples);
  const perS = (count: number): number | null => (durationNs === null ? null : (count * 1e9) / durationNs);
  const stays = intervalsUntil(columns, lastTokenNs);
  const inSystem = occupancy(stays, durationNs);
  const inQueue = occupancy(intervalsUntil(columns, scheduledNs), durationNs);
  const { overloaded, growthPerS } = judgeOverload(columns, stays);
  const delays = gapsMs(columns, arrivalNs, sentNs, room);
  return {
    completed,
    failed: columns.rows - completed,
    duration: durationNs === null ? null : durationNs / 1e9,
    total_input_tokens: inputTokens,
    total_output_tokens: outputTokens,
    request_throughput: perS(completed),
    output_throughput: perS(outputTokens),
    total_token_throughput: perS(inputTokens + outputTokens),
    ...(goodput === undefined ? {} : { request_goodput: perS(countGood(columns, goodput)) }),
    ...statistics,
    ...effectiveCounts(samples),
    max_concurrent_requests: inSystem?.max ?? null,
    mean_concurrent_requests: inSystem?.mean ?? null,
    max_queued_requests: inQueue?.max ?? null,
    mean_queued_requests: inQueue?.mean ?? null,
    littles_law_ratio: littlesLawRatio(inSystem?.mean ?? null, perS(completed), statistics.mean_e2el_ms),
    overloaded,
    queue_growth_per_s: growthPerS,
    mean_client_delay_ms: delays.length === 0 ? null : mean(delays),
    hidden_percentiles: hiddenPercentiles(samples),
  };
}

interface Totals {
  readonly completed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** First arrival to last last token; null when no request ended, or all at one instant. */
  readonly durationNs: number | null;
}

function totals(columns: RequestColumns): Totals {
  const { rows, ok, arrivalNs, lastTokenNs, promptTokens, outputTokens } = columns;
  let completed = 0;
  let inputTotal = 0;
  let outputTotal = 0;
  let firstNs = Infinity;
  let lastNs = -Infinity;
  for (let row = 0; row < rows; row++) {
    if (ok[row] === 0) continue;
    const startNs = arrivalNs[row]!;
    const endNs = lastTokenNs[row]!;
    completed++;
    inputTotal += promptTokens[row]!;
    outputTotal += outputTokens[row]!;
    if (startNs < firstNs) firstNs = startNs;
    if (endNs > lastNs) lastNs = endNs;
    if (endNs < startNs) {
      throw new ArtifactError(
        `request "${columns.requestId(row)}": last token at ${endNs / 1e6} ms, expected at or after its arrival at ` +
          `${startNs / 1e6} ms`,
      );
    }
  }
  const durationNs = lastNs > firstNs ? lastNs - firstNs : null;
  return { completed, inputTokens: inputTotal, outputTokens: outputTotal, durationNs };
}

/** The statistics of values in order of arrival. */
function sampleOf(metric: string, valuesMs: Float64Array): Sample {
  const moments = momentsOf(valuesMs);
  return {
    metric,
    count: valuesMs.length,
    effectiveCount: effectiveCount(valuesMs, moments),
    statistics: statisticsOf(valuesMs, moments),
  };
}

/** Gaps come in no order: what is independent of them is taken to be the share that it is of their requests' tpot. */
function itlSample(itl: Float64Array | GapSegments, tpot: Sample): Sample {
  const isCollected = itl instanceof GapSegments;
  const count = isCollected ? itl.gaps : itl.length;
  const statistics = isCollected ? itl.describe() : statisticsOf(itl);
  const share = tpot.count === 0 ? 1 : tpot.effectiveCount / tpot.count;
  return { metric: "itl", count, effectiveCount: share * count, statistics };
}

/** Maximum and mean number of open intervals; null when there are none. */
function occupancy(
  intervals: Intervals,
  durationNs: number | null,
): { readonly max: number; readonly mean: number | null } | null {
  if (intervals.endsNs.length === 0) return null;
  const { max, areaNs } = sweepLine(intervals);
  return { max, mean: durationNs === null ? null : areaNs / durationNs };
}

function littlesLawRatio(
  concurrency: number | null,
  ratePerS: number | null,
  meanE2elMs: number | null,
): number | null {
  if (concurrency === null || ratePerS === null || meanE2elMs === null || meanE2elMs === 0) return null;
  return concurrency / (ratePerS * (meanE2elMs / 1e3));
}

function statisticKeys(samples: readonly Sample[]): StatisticKeys<"ttft" | "tpot" | "e2el" | "queue"> {
  return Object.fromEntries(
    samples.flatMap(({ metric, statistics }) =>
      statisticNames.map((name) => [key(name, metric), statistics?.[name] ?? null] as const),
    ),
  ) as StatisticKeys<"ttft" | "tpot" | "e2el" | "queue">;
}

function effectiveCounts(samples: readonly Sample[]): EffectiveCounts<"ttft" | "tpot" | "e2el" | "queue"> {
  return Object.fromEntries(
    samples.map((sample) => [`effective_n_${sample.metric}`, Math.round(10 * sample.effectiveCount) / 10] as const),
  ) as EffectiveCounts<"ttft" | "tpot" | "e2el" | "queue">;
}

function hiddenPercentiles(samples: readonly Sample[]): string[] {
  return samples.flatMap(({ metric, count, effectiveCount: effective }) =>
    statisticNames
      .filter((name) => {
        const p = statisticQuantile(name);
        return p !== undefined && count > 0 && !percentileIsShown(p, effective);
      })
      .map((name) => key(name, metric)),
  );
}

function key(statistic: StatisticName, metric: string): string {
  return `${statistic}_${metric}_ms`;
}
