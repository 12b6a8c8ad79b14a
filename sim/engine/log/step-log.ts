/**
 * The request log of continuous batching by column, and the gaps between tokens as segments: no object per request, no
 * record per token. Checks itself: a request ends once, and as many tokens are reported as the finished requests have.
 */
import { InvariantError, type WorkloadRequest } from "../../../formats/index.js";
import type { TokenCounts, TokenSink } from "../../policy/index.js";
import { GapSegments, type RequestColumns } from "../../metrics/index.js";
import { requireTime } from "../../workload/index.js";
import type { ServerTimes } from "./server-times.js";

/** When a client gave up, and why. */
export interface Abortion {
  readonly atNs: number;
  readonly reason: string;
}

export class StepLog implements RequestColumns {
  readonly rows: number;
  readonly arrivalNs: Float64Array;
  readonly sentNs: Float64Array;
  readonly scheduledNs: Float64Array;
  readonly firstTokenNs: Float64Array;
  readonly lastTokenNs: Float64Array;
  readonly promptTokens: Int32Array;
  /** Of finished requests; 0 of others. */
  readonly outputTokens: Int32Array;
  private readonly wantedTokens: Int32Array;
  /** By row, where clients may give up: tokens so far, and those of its latest chunk. */
  private received: Int32Array | undefined;
  private latest: Int32Array | undefined;
  readonly cachedTokens: Int32Array;
  readonly preemptions: Int32Array;
  readonly ok: Uint8Array;
  /** Why requests were rejected, by row. */
  readonly rejections = new Map<number, string>();
  /** Whose clients gave up, by row. */
  readonly abortions = new Map<number, Abortion>();
  readonly gaps = new GapSegments();
  /** By row, the data parallel rank that served it; undefined where there are no ranks. */
  rankOf: Int32Array | undefined;
  /** Where a front end stands between engine and client. */
  serverTimes?: ServerTimes;
  /** Requests sent that have not ended. */
  outstanding = 0;
  private tokens = 0;
  private finishedTokens = 0;

  constructor(
    private readonly requests: readonly WorkloadRequest[],
    counts: TokenCounts,
  ) {
    const rows = requests.length;
    this.rows = rows;
    const unknown = (): Float64Array => new Float64Array(rows).fill(NaN);
    this.arrivalNs = unknown();
    this.sentNs = unknown();
    this.scheduledNs = unknown();
    this.firstTokenNs = unknown();
    this.lastTokenNs = unknown();
    this.promptTokens = counts.promptTokens;
    this.wantedTokens = counts.outputTokens;
    this.outputTokens = new Int32Array(rows);
    this.cachedTokens = new Int32Array(rows);
    this.preemptions = new Int32Array(rows);
    this.ok = new Uint8Array(rows);
  }

  /** Clients may give up: from now on tokens are counted by row, so each must be reported by itself. */
  countTokens(): void {
    this.received = new Int32Array(this.rows);
    this.latest = new Int32Array(this.rows);
  }

  readonly requestId = (row: number): string => this.requests[row]!.id;

  /** Either all requests have a class, or none. */
  get hasClasses(): boolean {
    return this.requests[0]?.class !== undefined;
  }

  readonly classOf = (row: number): string | undefined => this.requests[row]!.class;

  sent(row: number, arrivalNs: number, sentNs: number): void {
    if (!Number.isNaN(this.sentNs[row]!)) throw new InvariantError(`request ${this.requestId(row)} was sent twice`);
    this.arrivalNs[row] = arrivalNs;
    this.sentNs[row] = sentNs;
    this.outstanding++;
  }

  /** The request goes to a data parallel rank. */
  toRank(row: number, rank: number): void {
    this.rankOf ??= new Int32Array(this.rows);
    this.rankOf[row] = rank;
  }

  rejected(row: number, reason: string): void {
    this.rejections.set(row, reason);
    this.outstanding--;
  }

  /** A request joined the running list, for the first time or again; `cachedTokens` counts the first time. */
  admitted(row: number, cachedTokens: number, atNs: number): void {
    if (!Number.isNaN(this.scheduledNs[row]!)) return;
    this.scheduledNs[row] = atNs;
    this.cachedTokens[row] = cachedTokens;
  }

  /**
   * `firstLateNs`: how much later it comes if it is the first. A client's chunks are written in order: a token that finds
   * the first one not yet written goes out with it. Returns whether it comes later than `atNs`.
   */
  token(row: number, atNs: number, firstLateNs = 0): boolean {
    if (this.received !== undefined && !this.receives(row, atNs)) return false;
    this.tokens++;
    const isFirst = Number.isNaN(this.firstTokenNs[row]!);
    if (isFirst) {
      this.firstTokenNs[row] = atNs + firstLateNs;
      this.lastTokenNs[row] = atNs + firstLateNs;
      return firstLateNs > 0;
    }
    const latestNs = this.lastTokenNs[row]!;
    const chunkNs = Math.max(atNs, latestNs);
    this.gaps.addOne(chunkNs - latestNs, 1);
    this.lastTokenNs[row] = chunkNs;
    return chunkNs > atNs;
  }

  /** Counts a token, unless its client has given up. */
  private receives(row: number, atNs: number): boolean {
    if (this.abortions.has(row)) return false;
    this.received![row]!++;
    // A first chunk that is written late takes later tokens along.
    if (this.lastTokenNs[row]! >= atNs) this.latest![row]!++;
    else this.latest![row] = 1;
    return true;
  }

  /**
   * The client of a request gives up at `atNs`: what would have reached it from then on does not, even where the log has
   * it already, because the engine is ahead of the client.
   */
  aborted(row: number, atNs: number, reason: string): void {
    if (this.abortions.has(row)) throw new InvariantError(`request ${this.requestId(row)} was given up twice`);
    if (this.ok[row] === 1) {
      this.ok[row] = 0;
      this.finishedTokens -= this.outputTokens[row]!;
      this.outstanding++;
    }
    const counted = this.received![row]!;
    this.tokens -= counted;
    this.outputTokens[row] = this.lastTokenNs[row]! >= atNs ? counted - this.latest![row]! : counted;
    if (this.firstTokenNs[row]! >= atNs) this.firstTokenNs[row] = NaN;
    this.lastTokenNs[row] = NaN;
    this.abortions.set(row, { atNs, reason });
    this.outstanding--;
  }

  /** Whether it was accepted, its client has not given up, and it is not known to end by that time. */
  isOpenAt(row: number, atNs: number): boolean {
    if (Number.isNaN(this.sentNs[row]!) || this.rejections.has(row) || this.abortions.has(row)) return false;
    return this.ok[row] === 0 || this.lastTokenNs[row]! > atNs;
  }

  /** The latest of its tokens, reported among steady ones, came at this time, or with a first chunk still to be written. */
  lastTokenWas(row: number, atNs: number): void {
    if (!(this.lastTokenNs[row]! > atNs)) this.lastTokenNs[row] = atNs;
  }

  /** One more token for each of `requests` requests, `gapNs` after their last. */
  steadyTokens(requests: number, gapNs: number): void {
    this.tokens += requests;
    this.gaps.addOne(gapNs, requests);
  }

  /** So many tokens of any requests, whose gaps and times are put in elsewhere. */
  countTokensOf(tokens: number): void {
    this.tokens += tokens;
  }

  /** `count` more tokens for each of `requests` requests, gaps growing by `incrementNs` from `firstGapNs`. */
  steadyRun(requests: number, firstGapNs: number, incrementNs: number, count: number): void {
    this.tokens += requests * count;
    this.gaps.add(firstGapNs, incrementNs, count, requests);
  }

  completed(row: number): void {
    const outputTokens = this.wantedTokens[row]!;
    if (this.ok[row] === 1 || Number.isNaN(this.lastTokenNs[row]!)) {
      throw new InvariantError(
        `request ${this.requestId(row)} ended ${this.ok[row] === 1 ? "twice" : "without a token"}`,
      );
    }
    this.ok[row] = 1;
    this.outputTokens[row] = outputTokens;
    this.finishedTokens += outputTokens;
    this.outstanding--;
  }

  /** Every request has ended, with all its tokens, and its times are in order. */
  checkWhole(): void {
    if (this.outstanding > 0) throw new InvariantError(`${this.outstanding} requests have not ended`);
    if (this.tokens !== this.finishedTokens) {
      throw new InvariantError(
        `${this.tokens} tokens reached clients, the finished requests have ${this.finishedTokens}`,
      );
    }
    for (let row = 0; row < this.rows; row++) if (this.ok[row] === 1) this.checkOrder(row);
  }

  private checkOrder(row: number): void {
    const arrivalNs = this.arrivalNs[row]!;
    const sentNs = this.sentNs[row]!;
    const scheduledNs = this.scheduledNs[row]!;
    const firstNs = this.firstTokenNs[row]!;
    const lastNs = this.lastTokenNs[row]!;
    requireTime(lastNs, 0);
    if (arrivalNs <= sentNs && sentNs <= scheduledNs && scheduledNs <= firstNs && firstNs <= lastNs) return;
    throw new InvariantError(
      `request ${this.requestId(row)}: arrival ${arrivalNs}, sent ${sentNs}, scheduled ${scheduledNs}, first token ` +
        `${firstNs} and last token ${lastNs} ns are not in this order`,
    );
  }
}

/** The log as the receiver of tokens where no step is jumped over, so that each token is reported separately. */
export function tokenByToken(log: StepLog): TokenSink {
  return {
    token: ({ index }, atNs) => log.token(index, atNs),
    steadyTokens: () => {
      throw new InvariantError("tokens were reported for all requests together, expected each by itself");
    },
    lastTokenWas: ({ index }, atNs) => {
      log.lastTokenWas(index, atNs);
    },
  };
}
