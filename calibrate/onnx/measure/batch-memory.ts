/**
 * How much memory a batch takes, before it is run: from the model's shape alone, then corrected by the batches that ran.
 * What would not fit is never tried, since the kernel ends a process that takes too much without a word. Bytes.
 */
import type { ModelShape } from "../../../onnx/index.js";
import type { BatchShape } from "../../fit/index.js";

const FLOAT_BYTES = 4;
/** Keys and values lie in the buffer of the prefill, and in the Loop's old and new state. */
const CACHE_COPIES = 3;
/** Float values of a token that a layer holds at once, in units of the model's width. */
const WIDTHS_PER_TOKEN = 12;
/** ONNX Runtime's arena grows by doubling. */
const ARENA_FACTOR = 2;
/** Differences below this are noise of the process, not of the batch. */
const MIN_DIFFERENCE_BYTES = 64 * 2 ** 20;
/** Part of the memory available that batches may take. */
const USABLE_FRACTION = 0.8;
/** Part beyond which a batch is first tried in a process of its own. */
const RISKY_FRACTION = 0.3;

/** What of a model decides how much memory its batches take. */
export type SizedModel = ModelShape & { readonly kvBytesPerToken: number };

/** What a batch takes on top of the loaded model, roughly and rather too much than too little. */
export function batchBytes(shape: BatchShape, model: SizedModel): number {
  const { batchSize: rows, promptTokens, decodeSteps } = shape;
  const tokens = rows * promptTokens;
  const held = rows * (promptTokens + 1 + decodeSteps);
  const cacheBytes = CACHE_COPIES * held * model.kvBytesPerToken;
  const activations = tokens * model.width * WIDTHS_PER_TOKEN;
  const attention = rows * promptTokens * (promptTokens + decodeSteps) * (2 * model.heads + 1);
  const logits = rows * model.vocab;
  return ARENA_FACTOR * (cacheBytes + FLOAT_BYTES * (activations + attention + logits));
}

/** Which batches fit into the memory that is available. */
export class MemoryBound {
  private factor = 1;
  private first: { readonly bytes: number; readonly peakBytes: number } | undefined;

  constructor(
    private readonly model: SizedModel,
    readonly availableBytes: number,
  ) {}

  /** True when the batch is expected to fit. */
  allows(shape: BatchShape): boolean {
    return this.factor * batchBytes(shape, this.model) <= USABLE_FRACTION * this.availableBytes;
  }

  /** True when the batch may take so much that an estimate is not to be relied on. */
  isRisky(shape: BatchShape): boolean {
    return this.factor * batchBytes(shape, this.model) > RISKY_FRACTION * this.availableBytes;
  }

  /** Learns from a batch that ran; of batches in ascending size. */
  observe(shape: BatchShape, peakBytes: number): void {
    const bytes = batchBytes(shape, this.model);
    this.first ??= { bytes, peakBytes };
    const more = bytes - this.first.bytes;
    if (more > MIN_DIFFERENCE_BYTES) this.factor = Math.max(this.factor, (peakBytes - this.first.peakBytes) / more);
  }

  /** The largest number of rows that fit with this prompt and output; 0 when not even one does. */
  mostRows(promptTokens: number, decodeSteps: number): number {
    const rowBytes = this.factor * batchBytes({ batchSize: 1, promptTokens, decodeSteps }, this.model);
    return Math.floor((USABLE_FRACTION * this.availableBytes) / rowBytes);
  }
}
