/** The interface of cost models for whole batches: nanoseconds and bytes. */
import type { RangeUse } from "./range-use.js";

export interface BatchShape {
  readonly rows: number;
  /** Padded prompt length and decoded output length, tokens. */
  readonly promptTokens: number;
  readonly outputTokens: number;
}

export interface BatchCost {
  /** From dispatch to the first tokens, and from there to the answers at the client, ns. */
  readonly prefillNs: number;
  readonly decodeNs: number;
  /** Peak memory while the batch runs, bytes. */
  readonly peakBytes: number;
}

export interface CostModel {
  /** Total memory, bytes. */
  readonly totalBytes: number;
  batch(shape: BatchShape): BatchCost;
  /** What was asked beyond the measured range so far; absent: nothing was measured. */
  readonly rangeUse?: RangeUse;
}
