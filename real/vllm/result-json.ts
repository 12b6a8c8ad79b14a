/**
 * A measured load in the keys of `vllm bench serve --save-result`, computed its way: latencies from when a request was
 * handed to the HTTP client, gaps between chunks, duration from the run's start to its last end. Checked against
 * vllm/benchmarks/serve.py of 0.32.
 */
import { arrivalKeys, compactDate, greatest, requestCount, setupKeys } from "../../formats/index.js";
import { columnsIn, mean, quantile } from "../../sim/index.js";
import type { VllmMeasurement } from "./bench-vllm.js";
import type { SentExchange } from "./client/index.js";

export interface ResultJsonOptions {
  readonly endpoint: string;
  readonly label?: string | undefined;
  /** The user's own facts, under keys that results do not have (isResultKey). */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly date: Date;
  readonly percentiles: readonly number[];
  /** Adds the arrays that have an entry for each request. */
  readonly detailed: boolean;
}

export function vllmResultJson(measurement: VllmMeasurement, options: ResultJsonOptions): Record<string, unknown> {
  const { run, exchanges, originNs } = measurement;
  const { detailed, label, metadata } = options;
  const inOrder = [...exchanges];
  const whole = inOrder.filter(({ failure }) => failure === undefined);
  const durationS = (Math.max(originNs, greatest(inOrder.map(({ endNs }) => endNs))) - originNs) / 1e9;
  const promptTokens = sum(whole.map(inputTokens(measurement)));
  const outputTokens = sum(whole.map(({ outputTokens: tokens }) => tokens ?? 0));
  const perS = (count: number): number => (durationS === 0 ? 0 : count / durationS);
  const peaks = busiestSecond(whole);
  return {
    date: compactDate(options.date),
    ...setupKeys({ model: run.info.model, label }, vllmBackend(options.endpoint)),
    ...((run.info.client as Record<string, unknown> | undefined)?.tls_verified === false
      ? { tls_verified: false }
      : {}),
    num_prompts: requestCount(run),
    ...metadata,
    ...arrivalKeys(run.info.load),
    duration: durationS,
    completed: whole.length,
    failed: inOrder.length - whole.length,
    total_input_tokens: promptTokens,
    total_output_tokens: outputTokens,
    request_throughput: perS(whole.length),
    request_goodput: null,
    output_throughput: perS(outputTokens),
    total_token_throughput: perS(promptTokens + outputTokens),
    ...(detailed
      ? perRequest(inOrder, measurement)
      : { latencies: inOrder.map(latencyS), queue_times: queueTimes(inOrder) }),
    max_output_tokens_per_s: peaks.chunks,
    max_concurrent_requests: peaks.requests,
    rtfx: 0,
    ...statistics("ttft", whole.map(ttftS), options.percentiles),
    ...statistics("tpot", whole.flatMap(tpotS), options.percentiles),
    ...statistics("itl", whole.flatMap(itlsS), options.percentiles),
    ...statistics("e2el", whole.map(latencyS), options.percentiles),
  };
}

/** What vLLM bench calls this way of asking. */
export function vllmBackend(endpoint: string): string {
  return endpoint.includes("chat") ? "openai-chat" : "openai";
}

function perRequest(inOrder: readonly SentExchange[], measurement: VllmMeasurement): Record<string, unknown> {
  return {
    input_lens: inOrder.map(inputTokens(measurement)),
    output_lens: inOrder.map(({ outputTokens, failure }) => (failure === undefined ? outputTokens : 0)),
    ttfts: inOrder.map(ttftS),
    itls: inOrder.map(itlsS),
    latencies: inOrder.map(latencyS),
    start_times: inOrder.map(({ queuedNs }) => queuedNs / 1e9),
    queue_times: queueTimes(inOrder),
    generated_texts: inOrder.map(({ text }) => text),
    errors: inOrder.map(({ failure }) => failure?.message ?? ""),
  };
}

/** As vLLM has it, 0 for a request that never had a chunk; such requests are in no statistic. */
function ttftS({ queuedNs, chunkNs }: SentExchange): number {
  return chunkNs.length === 0 ? 0 : (chunkNs[0]! - queuedNs) / 1e9;
}

function latencyS({ queuedNs, chunkNs, failure }: SentExchange): number {
  return chunkNs.length === 0 || failure !== undefined ? 0 : (chunkNs.at(-1)! - queuedNs) / 1e9;
}

function tpotS(exchange: SentExchange): number[] {
  const tokens = exchange.outputTokens ?? 0;
  return tokens > 1 ? [(latencyS(exchange) - ttftS(exchange)) / (tokens - 1)] : [];
}

function itlsS({ chunkNs }: SentExchange): number[] {
  return chunkNs.slice(1).map((ns, at) => (ns - chunkNs[at]!) / 1e9);
}

/** Time that a request waited in the client before it was handed over. */
function queueTimes(exchanges: readonly SentExchange[]): number[] {
  return exchanges.map(({ queuedNs, intendedNs }) => Math.max(0, queuedNs - intendedNs) / 1e9);
}

/** As the server counted them, else as they were sent. */
function inputTokens({ run, exchanges }: VllmMeasurement): (exchange: SentExchange) => number {
  const { promptTokens } = columnsIn(run);
  const rowOf = new Map([...exchanges.places()].map((index, row) => [index, row]));
  return ({ index }) => promptTokens[rowOf.get(index)!]!;
}

/** Most chunks in one second, and most requests that were open in one, seconds counted from the first request. */
function busiestSecond(exchanges: readonly SentExchange[]): { chunks: number; requests: number } {
  if (exchanges.length === 0) return { chunks: 0, requests: 0 };
  const startNs = exchanges.reduce((least, { queuedNs }) => Math.min(least, queuedNs), Infinity);
  const chunks: number[] = [];
  const requests: number[] = [];
  const second = (ns: number): number => Math.floor((ns - startNs) / 1e9);
  for (const { queuedNs, chunkNs } of exchanges) {
    for (const ns of chunkNs) chunks[second(ns)] = (chunks[second(ns)] ?? 0) + 1;
    for (let at = second(queuedNs); at <= second(chunkNs.at(-1)!); at++) requests[at] = (requests[at] ?? 0) + 1;
  }
  const most = (counts: readonly (number | undefined)[]): number =>
    counts.reduce<number>((max, count) => Math.max(max, count ?? 0), 0);
  return { chunks: most(chunks), requests: most(requests) };
}

/** numpy's mean, median, std (of the population) and percentiles (linear), in ms; 0 of nothing. */
function statistics(
  metric: string,
  valuesS: readonly number[],
  percentiles: readonly number[],
): Record<string, number> {
  const sorted = Float64Array.from(valuesS.length === 0 ? [0] : valuesS, (value) => value * 1e3).sort();
  const average = mean(sorted);
  return {
    [`mean_${metric}_ms`]: average,
    [`median_${metric}_ms`]: quantile(sorted, 0.5),
    [`std_${metric}_ms`]: Math.sqrt(mean(sorted.map((value) => (value - average) ** 2))),
    ...Object.fromEntries(percentiles.map((p) => [`p${p}_${metric}_ms`, quantile(sorted, p / 100)])),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
