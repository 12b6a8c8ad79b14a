/**
 * vLLM's metrics by our names. Names that vLLM has changed over time are listed newest first. Seconds become
 * milliseconds. What a server does not have is undefined, never zero.
 */
import { ArtifactError, BackendError, defined } from "../../../formats/index.js";
import { histogramOf, type Histogram } from "./histogram.js";
import { parsePrometheus, type Exposition } from "./prometheus.js";
import { mean } from "../../../sim/index.js";

/** Histograms of the stages of a request in the server, in seconds there. */
export const histogramNames = {
  queue_ms: ["vllm:request_queue_time_seconds"],
  ttft_ms: ["vllm:time_to_first_token_seconds"],
  itl_ms: ["vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"],
  tpot_ms: ["vllm:request_time_per_output_token_seconds"],
  prefill_ms: ["vllm:request_prefill_time_seconds"],
  decode_ms: ["vllm:request_decode_time_seconds"],
  inference_ms: ["vllm:request_inference_time_seconds"],
  e2el_ms: ["vllm:e2e_request_latency_seconds"],
} as const;
export type HistogramName = keyof typeof histogramNames;

export const counterNames = {
  preemptions: ["vllm:num_preemptions_total"],
  prompt_tokens: ["vllm:prompt_tokens_total"],
  output_tokens: ["vllm:generation_tokens_total"],
  requests_finished: ["vllm:request_success_total"],
  cached_tokens: ["vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"],
} as const;
export type CounterName = keyof typeof counterNames;

export const gaugeNames = {
  running: ["vllm:num_requests_running"],
  waiting: ["vllm:num_requests_waiting"],
  kv_fraction: ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"],
} as const;
export type GaugeName = keyof typeof gaugeNames;

/** One reading of a server's gauges, and of preemptions so far. */
export type Reading = Readonly<Record<GaugeName | "preemptions", number | undefined>>;

/** The names that a reading needs: all else in the text is skipped. */
const readingNames: ReadonlySet<string> = new Set([...Object.values(gaugeNames), counterNames.preemptions].flat());

const STARTED = "process_start_time_seconds";
const CACHE_CONFIG = "vllm:cache_config_info";

/** The names that a snapshot needs. A server may have many more: a text of theirs alone would fill the memory. */
const snapshotNames: ReadonlySet<string> = new Set([
  STARTED,
  CACHE_CONFIG,
  ...Object.values(counterNames).flat(),
  ...Object.values(histogramNames).flatMap((names) => names.flatMap((name) => [`${name}_bucket`, `${name}_sum`])),
]);

/** Reads the gauges alone, as often as wanted. BackendError names `where` the text is from when it cannot be read. */
export function readingOf(text: string, where = "/metrics"): Reading {
  const metrics = parsed(text, where, readingNames);
  return {
    running: sumOf(metrics, gaugeNames.running),
    waiting: sumOf(metrics, gaugeNames.waiting),
    kv_fraction: meanOf(metrics, gaugeNames.kv_fraction),
    preemptions: sumOf(metrics, counterNames.preemptions),
  };
}

export interface CacheConfig {
  readonly block_size?: number;
  readonly num_gpu_blocks?: number;
  /** Every label as the server prints it. */
  readonly labels: ReadonlyMap<string, string>;
}

/** The whole of a server's metrics at one moment. */
export interface Snapshot {
  readonly counters: Readonly<Partial<Record<CounterName, number>>>;
  readonly histograms: Readonly<Partial<Record<HistogramName, Histogram>>>;
  readonly cacheConfig?: CacheConfig;
  /** When the server's process was started, Unix seconds: another one is another server. */
  readonly startedAtS?: number;
}

/** All of it. BackendError names `where` the text is from when it cannot be read. */
export function snapshotOf(text: string, where = "/metrics"): Snapshot {
  const metrics = parsed(text, where, snapshotNames);
  const startedAtS = finite(metrics.get(STARTED)?.[0]?.value);
  const cacheConfig = cacheConfigOf(metrics);
  return {
    counters: present(counterNames, (names) => sumOf(metrics, names)),
    histograms: fromServer(where, () => present(histogramNames, (names) => firstHistogram(metrics, names))),
    ...defined({ cacheConfig, startedAtS }),
  };
}

function parsed(text: string, where: string, only: ReadonlySet<string>): Exposition {
  return fromServer(where, () => parsePrometheus(text, only));
}

/** A text of another form is the server's failure, and no file of the user's. */
export function fromServer<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ArtifactError)) throw cause;
    throw new BackendError(`${where} is not in Prometheus's text format: ${cause.message}`, { cause });
  }
}

function cacheConfigOf(metrics: Exposition): CacheConfig | undefined {
  const labels = metrics.get(CACHE_CONFIG)?.[0]?.labels;
  if (labels === undefined) return undefined;
  const blockSize = wholeNumber(labels.get("block_size"));
  const blocks = wholeNumber(labels.get("num_gpu_blocks"));
  return {
    labels,
    ...defined({ block_size: blockSize, num_gpu_blocks: blocks }),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  // Up to nine digits: there is no server with a thousand million blocks.
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** Seconds to milliseconds, bounds and sum. */
function firstHistogram(metrics: Exposition, names: readonly string[]): Histogram | undefined {
  for (const name of names) {
    const seconds = histogramOf(metrics, name);
    if (seconds === undefined) continue;
    // 0.3 s is 300 ms, not 299.99999999999994.
    const bounds = seconds.bounds.map((bound) => Number((bound * 1e3).toPrecision(12)));
    return { bounds, cumulative: seconds.cumulative, sum: seconds.sum * 1e3 };
  }
  return undefined;
}

function samplesOf(metrics: Exposition, names: readonly string[]): readonly number[] | undefined {
  const name = names.find((candidate) => metrics.has(candidate));
  return name === undefined ? undefined : metrics.get(name)!.map(({ value }) => value);
}

/** Over engines and other labels. */
function sumOf(metrics: Exposition, names: readonly string[]): number | undefined {
  return finite(samplesOf(metrics, names)?.reduce((sum, value) => sum + value, 0));
}

function meanOf(metrics: Exposition, names: readonly string[]): number | undefined {
  const values = samplesOf(metrics, names);
  return values === undefined ? undefined : finite(mean(values));
}

/** No count and no gauge of vLLM's is negative, infinite or not a number: what is, is not known. */
function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function present<Name extends string, T>(
  names: Readonly<Record<Name, readonly string[]>>,
  find: (names: readonly string[]) => T | undefined,
): Partial<Record<Name, T>> {
  const found: Partial<Record<Name, T>> = {};
  for (const [name, candidates] of Object.entries(names) as [Name, readonly string[]][]) {
    const value = find(candidates);
    if (value !== undefined) found[name] = value;
  }
  return found;
}
