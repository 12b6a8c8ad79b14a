/** Exchanges with a server as the request records of a run; times from the run's start, latency from the intended time. */
import type { RequestRecord, WorkloadRequest } from "../../formats/index.js";
import type { Failure } from "./access/index.js";
import type { SentExchange } from "./client/index.js";

export interface RecordOptions {
  readonly originNs: number;
  /** Label of a request that probes something, for the column "probe". */
  readonly probeOf?: ((request: WorkloadRequest, index: number) => string | undefined) | undefined;
  /** Clients try again after an HTTP 503, which is then a rejection, as simulated ones are. */
  readonly isRetried?: boolean | undefined;
}

/** The record of one exchange. */
export function recordOf(exchange: SentExchange, request: WorkloadRequest, options: RecordOptions): RequestRecord {
  const { originNs, probeOf } = options;
  return {
    ...plainRecordOf(exchange, request, options),
    extra: {
      ...(request.class === undefined ? {} : { class: request.class }),
      ...abortedColumn(exchange, request, options.originNs),
      ...extraColumns(exchange, {
        originNs,
        fromNs: exchange.sentNs ?? exchange.queuedNs,
        probe: probeOf?.(request, exchange.index),
      }),
    },
  };
}

function statusOf({ kind, status }: Failure, isRetried: boolean): RequestRecord["status"] {
  if (kind === "gave_up") return "aborted";
  return isRetried && status === 503 ? "refused" : "error";
}

/** When its client gave up, ms, as simulations of such loads have it. */
function abortedColumn(
  { failure, endNs }: SentExchange,
  request: WorkloadRequest,
  originNs: number,
): Record<string, string> {
  if ((request.ttftPatienceNs ?? request.e2elPatienceNs) === undefined) return {};
  return { aborted_ms: failure?.kind === "gave_up" ? String((endNs - originNs) / 1e6) : "" };
}

/** The record of one exchange, without the columns that not every run has. */
export function plainRecordOf(
  exchange: SentExchange,
  request: WorkloadRequest,
  { originNs, isRetried = false }: RecordOptions,
): RequestRecord {
  const { sentNs, chunkNs, cachedTokens, failure } = exchange;
  const at = (ns: number): number => ns - originNs;
  return {
    requestId: request.id,
    arrivalNs: at(exchange.intendedNs),
    ...(sentNs === undefined ? {} : { sentNs: at(sentNs) }),
    ...(chunkNs.length === 0 ? {} : { firstTokenNs: at(chunkNs[0]!) }),
    // A request that failed has no end that a latency could be taken from.
    ...(failure !== undefined || chunkNs.length === 0 ? {} : { lastTokenNs: at(chunkNs.at(-1)!) }),
    promptTokens: exchange.promptTokens ?? request.promptTokens,
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
    outputTokens: exchange.outputTokens ?? 0,
    status: failure === undefined ? "ok" : statusOf(failure, isRetried),
    ...(failure === undefined ? {} : { error: failure.message }),
  };
}

/** A record of a batch policy's with what was seen of the request itself: tokens as the server counted them, its columns. */
export function withExchange(
  record: RequestRecord,
  exchange: SentExchange,
  { originNs, probe }: { readonly originNs: number; readonly probe: string | undefined },
): RequestRecord {
  const { promptTokens = record.promptTokens, outputTokens = record.outputTokens, cachedTokens, chunkNs } = exchange;
  const fromNs = originNs + (record.sentNs ?? record.arrivalNs);
  const answeredNs = record.status === "ok" ? chunkNs.at(-1) : undefined;
  return {
    ...record,
    promptTokens,
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
    outputTokens: record.status === "ok" ? outputTokens : 0,
    extra: {
      ...record.extra,
      ...extraColumns(exchange, { originNs, fromNs, probe }),
      // When its own answer was whole; its client gets it at the batch's end.
      answered_ms: answeredNs === undefined ? "" : String((answeredNs - originNs) / 1e6),
    },
  };
}

interface ColumnContext {
  readonly originNs: number;
  /** What chunk_ms counts from: the record's sent_ms, on the clock. */
  readonly fromNs: number;
  readonly probe: string | undefined;
}

/** Columns beyond those of every run, milliseconds; empty where not known. */
function extraColumns(exchange: SentExchange, { originNs, fromNs, probe }: ColumnContext): Record<string, string> {
  const { queuedNs, headersNs, chunkNs, chunkTokens, serverTimes, finishReason, failure, endNs } = exchange;
  const at = (ns: number | undefined): string => (ns === undefined ? "" : String((ns - originNs) / 1e6));
  const of = (value: number | undefined): string => (value === undefined ? "" : String(value));
  return {
    ...(probe === undefined ? {} : { probe }),
    queued_ms: at(queuedNs),
    headers_ms: at(headersNs),
    server_queue_ms: of(serverTimes?.queueMs),
    server_prefill_ms: of(serverTimes?.prefillMs),
    server_decode_ms: of(serverTimes?.decodeMs),
    finish_reason: finishReason ?? "",
    failure: failure?.kind ?? "",
    failed_ms: at(failure === undefined ? undefined : endNs),
    chunks: String(chunkNs.length),
    chunk_ms: chunkNs.map((ns) => ((ns - fromNs) / 1e6).toFixed(3)).join(";"),
    ...(chunkTokens.length === 0 ? {} : { chunk_tokens: chunkTokens.join(";") }),
  };
}
