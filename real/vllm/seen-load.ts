/** What the exchanges of a load show as a whole, from one pass over them: they may be in a file. */
import type { RequestTable, Workload, WorkloadRequest } from "../../formats/index.js";
import { filledColumns, type GiveUpSummary } from "../../sim/index.js";
import type { ExchangeLog } from "./exchange-log.js";
import type { Failure, FailureKind } from "./access/index.js";
import { plainRecordOf, recordOf, type RecordOptions } from "./records.js";
import type { SentExchange } from "./client/index.js";

export interface SeenLoad {
  /** A row for each request that was sent, in workload order. */
  readonly table: RequestTable;
  /** How late each request was written, ns; one that found no connection counts from when it was handed over. */
  readonly lagsNs: Float64Array;
  /** Between the chunks of requests that got their whole answer, pooled: inter-token latency as vLLM bench has it. */
  readonly gapsMs: Float64Array;
  /** How many requests failed by kind; kinds that did not occur are absent. */
  readonly failures: Partial<Record<FailureKind, number>>;
  /** Whole answers of another length than was asked for. */
  readonly wrongLengths: number;
  /** Whole answers with fewer chunks than tokens. */
  readonly merged: number;
  /** Prompt tokens that the server found cached, by row; -1: it does not say. */
  readonly cachedTokens: Int32Array;
}

export function lookThrough(
  exchanges: ExchangeLog,
  requests: readonly WorkloadRequest[],
  options: RecordOptions,
): SeenLoad {
  const places = exchanges.places();
  const walk = new Walk(exchanges);
  const columns = filledColumns(
    places.length,
    (function* () {
      for (const exchange of exchanges) {
        walk.see(exchange, requests[exchange.index]!);
        yield plainRecordOf(exchange, requests[exchange.index]!, options);
      }
    })(),
  );
  const table: RequestTable = {
    ...columns,
    ...(requests.some(({ class: name }) => name !== undefined)
      ? { classOf: (row: number) => requests[places[row]!]!.class }
      : {}),
    requestId: (row) => requests[places[row]!]!.id,
    record: (row) => recordOf(exchanges.of(places[row]!)!, requests[places[row]!]!, options),
  };
  const { lagsNs, gapsMs, failures, wrongLengths, merged, cachedTokens } = walk;
  return { table, lagsNs, gapsMs, failures, wrongLengths, merged, cachedTokens };
}

class Walk {
  readonly lagsNs: Float64Array;
  readonly gapsMs: Float64Array;
  readonly cachedTokens: Int32Array;
  readonly failures: Partial<Record<FailureKind, number>> = {};
  wrongLengths = 0;
  merged = 0;
  private seen = 0;
  private gaps = 0;

  constructor({ count, gaps }: ExchangeLog) {
    this.lagsNs = new Float64Array(count);
    this.gapsMs = new Float64Array(gaps);
    this.cachedTokens = new Int32Array(count);
  }

  see(exchange: SentExchange, asked: WorkloadRequest): void {
    const { intendedNs, queuedNs, sentNs, chunkNs, outputTokens, failure } = exchange;
    this.cachedTokens[this.seen] = exchange.cachedTokens ?? -1;
    this.lagsNs[this.seen++] = Math.max(0, (sentNs ?? queuedNs) - intendedNs);
    if (failure !== undefined) {
      this.failed(failure);
      return;
    }
    if (outputTokens !== asked.outputTokens) this.wrongLengths++;
    if (outputTokens !== undefined && chunkNs.length < outputTokens) this.merged++;
    for (let chunk = 1; chunk < chunkNs.length; chunk++) {
      this.gapsMs[this.gaps++] = (chunkNs[chunk]! - chunkNs[chunk - 1]!) / 1e6;
    }
  }

  /** A client that gave up is no failure of the server's or the run's. */
  private failed({ kind }: Failure): void {
    if (kind === "gave_up") return;
    this.failures[kind] = (this.failures[kind] ?? 0) + 1;
  }
}

/**
 * What clients that gave up or tried again came to, as far as they saw it: the server alone knows what it computed. Wasted are the prompts of requests that had a first token, less what was cached, and the tokens that came. Of a server that does
 * not count along, a chunk counts as one token.
 */
export function giveUpsOf(exchanges: ExchangeLog, { requests }: Workload): GiveUpSummary {
  let [answered, beforeToken, inAnswer, promptTokens, outputTokens] = [0, 0, 0, 0, 0];
  for (const { failure, chunkNs, ...exchange } of exchanges) {
    if (failure === undefined) answered++;
    if (failure?.kind !== "gave_up") continue;
    if (chunkNs.length === 0) beforeToken++;
    else {
      inAnswer++;
      promptTokens += Math.max(0, (exchange.promptTokens ?? 0) - (exchange.cachedTokens ?? 0));
      outputTokens += exchange.outputTokens ?? chunkNs.length;
    }
  }
  return {
    aborted: beforeToken + inAnswer,
    aborted_before_first_token: beforeToken,
    aborted_in_answer: inAnswer,
    retried: Math.max(0, exchanges.count - requests.length),
    unanswered: requests.length - answered,
    wasted_prompt_tokens: promptTokens,
    wasted_output_tokens: outputTokens,
  };
}
