/**
 * The summary of a run, simulated or real alike: the keys of `vllm bench serve` (milliseconds, requests/s, tokens/s)
 * and ours. Formulas are in docs/metrics.md. Only requests with status ok count; what cannot be computed is null.
 */
import { ArtifactError, type RequestRecord } from "../../formats/index.js";
import { isGood, type GoodputLimits } from "./goodput.js";
import { percentileIsShown } from "./quantile.js";
import { clientDelayMs, e2elMs, known, queueMs, tpotMs, ttftMs } from "./request-metrics.js";
import { describe, mean, quantileOf, statisticNames, type StatisticName } from "./statistics.js";
import { sweepLine } from "./sweep-line.js";

type Statistics<Metric extends string> = Readonly<Record<`${StatisticName}_${Metric}_ms`, number | null>>;

/** What run.json keeps as `summary`. */
export type Summary = {
  readonly completed: number;
  /** Requests refused or lost to an error. */
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
  readonly mean_client_delay_ms: number | null;
  /** Keys whose number comes from too few requests to be shown to people; it stays here for machines. */
  readonly hidden_percentiles: readonly string[];
} & Statistics<"ttft" | "tpot" | "e2el" | "queue"> &
  Partial<Statistics<"itl">>;

export interface SummaryOptions {
  readonly goodput?: GoodputLimits | undefined;
  /** Every gap between two output tokens of one request, pooled, where the run recorded them. */
  readonly itlMs?: Float64Array | undefined;
}

/** Summarises a run. A finished request that ends before it arrives is an ArtifactError. */
export function summarise(run: { readonly requests: readonly RequestRecord[] }, options: SummaryOptions = {}): Summary {
  const requests = run.requests.filter((request) => request.status === "ok");
  const { goodput, itlMs } = options;
  const samples: Record<string, Float64Array> = {
    ttft: known(requests, ttftMs),
    tpot: known(requests, tpotMs),
    e2el: known(requests, e2elMs),
    queue: known(requests, queueMs),
    ...(itlMs === undefined ? {} : { itl: itlMs }),
  };
  const durationNs = runDurationNs(requests);
  const perS = (count: number): number | null => (durationNs === null ? null : (count * 1e9) / durationNs);
  const inputTokens = total(requests, (request) => request.promptTokens);
  const outputTokens = total(requests, (request) => request.outputTokens);
  const inSystem = occupancy(requests, (request) => request.lastTokenNs, durationNs);
  const inQueue = occupancy(requests, (request) => request.scheduledNs, durationNs);
  const delays = known(requests, clientDelayMs);
  const statistics = { ...statisticsOf(samples) } as Statistics<"ttft" | "tpot" | "e2el" | "queue">;
  return {
    completed: requests.length,
    failed: run.requests.length - requests.length,
    duration: durationNs === null ? null : durationNs / 1e9,
    total_input_tokens: inputTokens,
    total_output_tokens: outputTokens,
    request_throughput: perS(requests.length),
    output_throughput: perS(outputTokens),
    total_token_throughput: perS(inputTokens + outputTokens),
    ...(goodput === undefined
      ? {}
      : { request_goodput: perS(total(requests, (request) => (isGood(request, goodput) ? 1 : 0))) }),
    ...statistics,
    max_concurrent_requests: inSystem?.max ?? null,
    mean_concurrent_requests: inSystem?.mean ?? null,
    max_queued_requests: inQueue?.max ?? null,
    mean_queued_requests: inQueue?.mean ?? null,
    littles_law_ratio: littlesLawRatio(inSystem?.mean ?? null, perS(requests.length), statistics.mean_e2el_ms),
    mean_client_delay_ms: delays.length === 0 ? null : mean(delays),
    hidden_percentiles: hiddenPercentiles(samples),
  };
}

/** First arrival to last last token; null when no request ended, or all at one instant. */
function runDurationNs(requests: readonly RequestRecord[]): number | null {
  let firstNs = Infinity;
  let lastNs = -Infinity;
  for (const { requestId, arrivalNs, lastTokenNs } of requests) {
    firstNs = Math.min(firstNs, arrivalNs);
    if (lastTokenNs === undefined) continue;
    lastNs = Math.max(lastNs, lastTokenNs);
    if (lastTokenNs < arrivalNs) {
      throw new ArtifactError(
        `request "${requestId}": last token at ${lastTokenNs / 1e6} ms, expected at or after its arrival at ` +
          `${arrivalNs / 1e6} ms`,
      );
    }
  }
  return lastNs > firstNs ? lastNs - firstNs : null;
}

/** Maximum and mean number of requests between arrival and `endNs`; null when no request has that end. */
function occupancy(
  requests: readonly RequestRecord[],
  endNs: (request: RequestRecord) => number | undefined,
  durationNs: number | null,
): { readonly max: number; readonly mean: number | null } | null {
  const starts = known(requests, (request) => (endNs(request) === undefined ? null : request.arrivalNs));
  const ends = known(requests, (request) => endNs(request) ?? null);
  if (ends.length === 0) return null;
  const { max, areaNs } = sweepLine(starts, ends);
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

function statisticsOf(samples: Readonly<Record<string, Float64Array>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(samples).flatMap(([metric, values]) => {
      const statistics = describe(values);
      return statisticNames.map((name) => [key(name, metric), statistics?.[name] ?? null] as const);
    }),
  );
}

function hiddenPercentiles(samples: Readonly<Record<string, Float64Array>>): string[] {
  return Object.entries(samples).flatMap(([metric, values]) =>
    statisticNames
      .filter((name) => {
        const p = quantileOf(name);
        return p !== undefined && values.length > 0 && !percentileIsShown(p, values.length);
      })
      .map((name) => key(name, metric)),
  );
}

function key(statistic: StatisticName, metric: string): string {
  return `${statistic}_${metric}_ms`;
}

function total(requests: readonly RequestRecord[], count: (request: RequestRecord) => number): number {
  let sum = 0;
  for (const request of requests) sum += count(request);
  return sum;
}
