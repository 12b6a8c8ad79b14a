/**
 * The request log of a run as it grows: every request's times, counted the same way for simulated and real runs, and
 * checked while it is written (each request starts, gets its tokens once and ends once).
 */
import {
  InvariantError,
  recordsOfTable,
  requestStatuses,
  rowsSent,
  selectRows,
  type BatchRecord,
  type RequestRecord,
  type RequestTable,
  type WorkloadRequest,
} from "../../../formats/index.js";
import type { BatchWork, MemberOutcome, PolicyRequest } from "../../policy/index.js";

/** A batch's times, ns; `members` in the batch's order, absent: all have the batch's. */
export interface BatchTimes {
  readonly startNs: number;
  readonly firstTokenNs: number;
  readonly endNs: number;
  readonly members?: readonly MemberOutcome[] | undefined;
}

/** What a request is at; of those that ended, the place in `requestStatuses` and ENDED. */
const UNKNOWN = 0;
const OPEN = 1;
const ENDED = 2;
const NONE = -1;
const FIRST_CAPACITY = 1024;

/** Kept by column: ten million requests are 0.6 GB so, and 3 GB as objects. */
export class Ledger {
  private rows = 0;
  private readonly requests: WorkloadRequest[] = [];
  private times = timeColumns(FIRST_CAPACITY);
  private outputTokens = new Int32Array(FIRST_CAPACITY);
  private batchId = new Int32Array(FIRST_CAPACITY).fill(NONE);
  private batchSize = new Int32Array(FIRST_CAPACITY).fill(NONE);
  private state = new Uint8Array(FIRST_CAPACITY);
  private readonly errors = new Map<number, string>();
  private readonly abortedNs = new Map<number, number>();
  private readonly batchRecords: BatchRecord[] = [];
  private open = 0;

  /** Requests sent that have not ended. */
  get outstanding(): number {
    return this.open;
  }

  /** The batches so far. */
  get batches(): readonly BatchRecord[] {
    return this.batchRecords;
  }

  sent(index: number, request: WorkloadRequest, arrivalNs: number, sentNs: number): void {
    if (index >= this.state.length) this.grow(index);
    if (this.state[index] !== UNKNOWN)
      throw new InvariantError(`request ${request.id} was sent twice, at ${sentNs} ns`);
    this.rows = Math.max(this.rows, index + 1);
    this.open++;
    this.requests[index] = request;
    this.state[index] = OPEN;
    this.times.arrivalNs[index] = arrivalNs;
    this.times.sentNs[index] = sentNs;
  }

  /** The request ended without an answer. */
  ended(index: number, status: "refused" | "error" | "aborted", reason: string): void {
    this.requireLive(index);
    this.state[index] = ENDED + requestStatuses.indexOf(status);
    this.errors.set(index, reason);
    this.open--;
  }

  /** Its client gives up at `atNs`; a batch that it is in goes on. What would reach it from then on does not. */
  aborted(index: number, atNs: number, reason: string): void {
    this.ended(index, "aborted", reason);
    const { times } = this;
    if (times.firstTokenNs[index]! >= atNs) times.firstTokenNs[index] = NaN;
    times.lastTokenNs[index] = NaN;
    this.outputTokens[index] = 0;
    this.abortedNs.set(index, atNs);
  }

  /** Whether the request was sent and has not ended. */
  isOpen(index: number): boolean {
    return this.state[index] === OPEN;
  }

  /** When the request was sent, and when it has its first token; NaN where that is not known. */
  timesOf(index: number): { readonly sentNs: number; readonly firstTokenNs: number } {
    return { sentNs: this.times.sentNs[index]!, firstTokenNs: this.times.firstTokenNs[index]! };
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
    const { times } = this;
    for (const [at, { index, outputTokens }] of work.requests.entries()) {
      const own = members?.[at];
      this.requireLive(index);
      if (!Number.isNaN(times.scheduledNs[index]!))
        throw new InvariantError(`request ${this.idOf(index)} ran in two batches`);
      times.scheduledNs[index] = startNs;
      this.batchId[index] = work.id;
      this.batchSize[index] = work.requests.length;
      times.firstTokenNs[index] = own === undefined ? firstTokenNs : (own.firstTokenNs ?? NaN);
      if (own?.failure !== undefined) continue;
      times.lastTokenNs[index] = endNs;
      this.outputTokens[index] = outputTokens;
    }
  }

  /** A member of a batch has its whole answer, or failed by itself. */
  memberEnded(request: PolicyRequest, outcome: MemberOutcome | undefined, nowNs: number): void {
    const failure = outcome?.failure;
    if (failure === undefined) this.completed(request, nowNs);
    else this.ended(request.index, failure.status, failure.reason);
  }

  /** The request has its whole answer. */
  completed({ index }: PolicyRequest, nowNs: number): void {
    this.requireLive(index);
    const tokens = this.outputTokens[index]!;
    const wanted = this.requests[index]!.outputTokens;
    if (tokens !== wanted) {
      throw new InvariantError(
        `request ${this.idOf(index)} ended at ${nowNs} ns with ${tokens} output tokens, expected ${wanted}`,
      );
    }
    const [firstNs, lastNs] = [this.times.firstTokenNs[index]!, this.times.lastTokenNs[index]!];
    if (firstNs > lastNs) {
      throw new InvariantError(
        `request ${this.idOf(index)} has its first token at ${firstNs} ns and its last at ${lastNs}`,
      );
    }
    this.state[index] = ENDED;
    this.open--;
  }

  /** The batch that ran last. */
  get lastBatch(): BatchRecord | undefined {
    return this.batchRecords.at(-1);
  }

  /** A request that has ended. */
  record(index: number): RequestRecord {
    if ((this.state[index] ?? UNKNOWN) < ENDED) throw new InvariantError(`request at ${index} never ended`);
    return this.recordAt(index);
  }

  /** The finished log, in workload order; every request has ended. */
  records(): { requests: RequestRecord[]; batches: readonly BatchRecord[] } {
    return { requests: recordsOfTable(this.table()), batches: this.batchRecords };
  }

  /** The finished log by column; every request has ended. `mayBeUnsent`: attempts that no client made are left out. */
  table({ mayBeUnsent = false } = {}): RequestTable {
    const { rows, times } = this;
    const ok = new Uint8Array(rows);
    const promptTokens = new Int32Array(rows);
    for (let index = 0; index < rows; index++) {
      if (mayBeUnsent && this.state[index] === UNKNOWN) continue;
      if (this.state[index]! < ENDED) throw new InvariantError(`request at ${index} never ended`);
      ok[index] = this.state[index] === ENDED ? 1 : 0;
      promptTokens[index] = this.requests[index]!.promptTokens;
    }
    const table = {
      rows,
      arrivalNs: times.arrivalNs.subarray(0, rows),
      sentNs: times.sentNs.subarray(0, rows),
      scheduledNs: times.scheduledNs.subarray(0, rows),
      firstTokenNs: times.firstTokenNs.subarray(0, rows),
      lastTokenNs: times.lastTokenNs.subarray(0, rows),
      promptTokens,
      outputTokens: this.outputTokens.subarray(0, rows),
      ok,
      requestId: (row: number) => this.idOf(row),
      ...(this.requests[0]?.class === undefined ? {} : { classOf: (row: number) => this.requests[row]?.class }),
      record: (row: number) => this.recordAt(row),
    };
    return mayBeUnsent ? selectRows(table, rowsSent(table)) : table;
  }

  private recordAt(index: number): RequestRecord {
    const { times } = this;
    const [scheduledNs, firstTokenNs, lastTokenNs] = [times.scheduledNs[index]!, times.firstTokenNs[index]!, times.lastTokenNs[index]!]; // prettier-ignore
    const error = this.errors.get(index);
    const wasRun = !Number.isNaN(scheduledNs);
    return {
      requestId: this.idOf(index),
      arrivalNs: times.arrivalNs[index]!,
      sentNs: times.sentNs[index]!,
      ...(wasRun ? { scheduledNs } : {}),
      ...(Number.isNaN(firstTokenNs) ? {} : { firstTokenNs }),
      ...(Number.isNaN(lastTokenNs) ? {} : { lastTokenNs }),
      promptTokens: this.requests[index]!.promptTokens,
      outputTokens: this.outputTokens[index]!,
      ...(wasRun ? { batchId: this.batchId[index]!, batchSize: this.batchSize[index]! } : {}),
      status: requestStatuses[this.state[index]! - ENDED]!,
      ...(error === undefined ? {} : { error }),
      ...this.extraOf(index),
    };
  }

  private extraOf(index: number): Pick<RequestRecord, "extra"> {
    const name = this.requests[index]!.class;
    if (this.abortedNs.size === 0) return name === undefined ? {} : { extra: { class: name } };
    const abortedNs = this.abortedNs.get(index);
    const aborted_ms = abortedNs === undefined ? "" : String(abortedNs / 1e6);
    return { extra: { ...(name === undefined ? {} : { class: name }), aborted_ms } };
  }

  private idOf(index: number): string {
    return this.requests[index]!.id;
  }

  private requireLive(index: number): void {
    const state = this.state[index] ?? UNKNOWN;
    if (state === OPEN) return;
    throw new InvariantError(
      `request at ${index} is worked on ${state === UNKNOWN ? "before it was sent" : "after its end"}`,
    );
  }

  private grow(index: number): void {
    const capacity = Math.max(index + 1, 2 * this.state.length);
    const times = timeColumns(capacity);
    for (const name of timeNames) times[name].set(this.times[name]);
    this.times = times;
    const counts = (from: Int32Array, empty: number): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(capacity).fill(empty);
      to.set(from);
      return to;
    };
    this.outputTokens = counts(this.outputTokens, 0);
    this.batchId = counts(this.batchId, NONE);
    this.batchSize = counts(this.batchSize, NONE);
    const state = new Uint8Array(capacity);
    state.set(this.state);
    this.state = state;
  }
}

const timeNames = ["arrivalNs", "sentNs", "scheduledNs", "firstTokenNs", "lastTokenNs"] as const;

function timeColumns(rows: number): Record<(typeof timeNames)[number], Float64Array> {
  const unknown = (): Float64Array => new Float64Array(rows).fill(NaN);
  return {
    arrivalNs: unknown(),
    sentNs: unknown(),
    scheduledNs: unknown(),
    firstTokenNs: unknown(),
    lastTokenNs: unknown(),
  };
}
