/**
 * The request log of a run as it grows: every request's times, counted the same way for simulated and real runs, and
 * checked while it is written (each request starts, gets its tokens once and ends once).
 */
import {
  InvariantError,
  type BatchRecord,
  type RequestRecord,
  type RequestStatus,
  type WorkloadRequest,
} from "../../formats/index.js";
import type { BatchWork, MemberOutcome, PolicyRequest } from "../policy/index.js";

/** A batch's times, ns; `members` in the batch's order, absent: all have the batch's. */
export interface BatchTimes {
  readonly startNs: number;
  readonly firstTokenNs: number;
  readonly endNs: number;
  readonly members?: readonly MemberOutcome[] | undefined;
}

interface Entry {
  readonly request: WorkloadRequest;
  readonly arrivalNs: number;
  readonly sentNs: number;
  scheduledNs: number | undefined;
  firstTokenNs: number | undefined;
  lastTokenNs: number | undefined;
  outputTokens: number;
  batchId: number | undefined;
  batchSize: number | undefined;

  status: RequestStatus | undefined;
  error: string | undefined;
}

export class Ledger {
  private readonly entries: (Entry | undefined)[] = [];
  private readonly batchRecords: BatchRecord[] = [];
  private open = 0;

  /** Requests sent that have not ended. */
  get outstanding(): number {
    return this.open;
  }

  sent(index: number, request: WorkloadRequest, arrivalNs: number, sentNs: number): void {
    if (this.entries[index] !== undefined)
      throw new InvariantError(`request ${request.id} was sent twice, at ${sentNs} ns`);
    this.open++;
    this.entries[index] = {
      request,
      arrivalNs,
      sentNs,
      scheduledNs: undefined,
      firstTokenNs: undefined,
      lastTokenNs: undefined,
      outputTokens: 0,
      batchId: undefined,
      batchSize: undefined,

      status: undefined,
      error: undefined,
    };
  }

  /** The request ended without an answer. */
  ended(index: number, status: "refused" | "error", reason: string): void {
    const entry = this.live(index);
    entry.status = status;
    entry.error = reason;
    this.open--;
  }

  /**
   * A batch ran: its members have their first token at the prefill's end, or at times of their own, and all tokens at the
   * batch's end. A member that failed is still to be ended.
   */
  batchRan(work: BatchWork, { startNs, firstTokenNs, endNs, members }: BatchTimes, peakBytes?: number): void {
    this.batchRecords.push({
      batchId: work.id,
      startNs,
      firstTokenNs,
      endNs,
      size: work.requests.length,
      limit: work.limit,
      promptTokens: work.promptTokens,
      outputTokens: work.outputTokens,
      reason: work.reason,
      ...(peakBytes === undefined ? {} : { peakBytes }),
    });
    for (const [at, { index, outputTokens }] of work.requests.entries()) {
      const own = members?.[at];
      const entry = this.live(index);
      if (entry.scheduledNs !== undefined) throw new InvariantError(`request ${entry.request.id} ran in two batches`);
      entry.scheduledNs = startNs;
      entry.batchId = work.id;
      entry.batchSize = work.requests.length;
      entry.firstTokenNs = own === undefined ? firstTokenNs : own.firstTokenNs;
      if (own?.failure !== undefined) continue;
      entry.lastTokenNs = endNs;
      entry.outputTokens = outputTokens;
    }
  }

  /** A member of a batch has its whole answer, or failed by itself. */
  memberEnded(request: PolicyRequest, outcome: MemberOutcome | undefined, nowNs: number): void {
    const failure = outcome?.failure;
    if (failure === undefined) this.completed(request, nowNs);
    else this.ended(request.index, failure.status, failure.reason);
  }

  /** The request has its whole answer. */
  completed(request: PolicyRequest, nowNs: number): void {
    const entry = this.live(request.index);
    if (entry.outputTokens !== entry.request.outputTokens) {
      throw new InvariantError(
        `request ${entry.request.id} ended at ${nowNs} ns with ${entry.outputTokens} output tokens, ` +
          `expected ${entry.request.outputTokens}`,
      );
    }
    if (entry.firstTokenNs! > entry.lastTokenNs!) {
      throw new InvariantError(
        `request ${entry.request.id} has its first token at ${entry.firstTokenNs} ns and its last at ${entry.lastTokenNs}`,
      );
    }
    entry.status = "ok";
    this.open--;
  }

  /** The batch that ran last. */
  get lastBatch(): BatchRecord | undefined {
    return this.batchRecords.at(-1);
  }

  /** A request that has ended. */
  record(index: number): RequestRecord {
    const entry = this.entries[index];
    if (entry?.status === undefined) throw new InvariantError(`request at ${index} never ended`);
    return toRecord(entry, entry.status);
  }

  /** The finished log, in workload order; every request has ended. */
  records(): { requests: RequestRecord[]; batches: readonly BatchRecord[] } {
    return { requests: this.entries.map((_, index) => this.record(index)), batches: this.batchRecords };
  }

  private live(index: number): Entry {
    const entry = this.entries[index];
    if (entry === undefined || entry.status !== undefined) {
      throw new InvariantError(
        `request at ${index} is worked on ${entry === undefined ? "before it was sent" : "after its end"}`,
      );
    }
    return entry;
  }
}

function toRecord(entry: Entry, status: RequestStatus): RequestRecord {
  return {
    requestId: entry.request.id,
    arrivalNs: entry.arrivalNs,
    sentNs: entry.sentNs,
    ...(entry.scheduledNs === undefined ? {} : { scheduledNs: entry.scheduledNs }),
    ...(entry.firstTokenNs === undefined ? {} : { firstTokenNs: entry.firstTokenNs }),
    ...(entry.lastTokenNs === undefined ? {} : { lastTokenNs: entry.lastTokenNs }),
    promptTokens: entry.request.promptTokens,
    outputTokens: entry.outputTokens,
    ...(entry.batchId === undefined ? {} : { batchId: entry.batchId }),
    ...(entry.batchSize === undefined ? {} : { batchSize: entry.batchSize }),

    status,
    ...(entry.error === undefined ? {} : { error: entry.error }),
  };
}
