/**
 * A static batch and its result, and the checks that reject one before it reaches the worker.
 * Every row decodes `outputTokens` tokens; shorter prompts are padded on the left to the longest.
 */
import { ConfigError } from "../../formats/index.js";
import { foldTokenId, tokenizerVocab, type ModelShape } from "../spec/index.js";
import { checkSampling, type Sampling } from "./sampling.js";

/** Token ids of the GPT-2 tokenizer, one list per row. */
export interface BatchRequest {
  readonly promptIds: readonly (readonly number[])[];
  readonly outputTokens: number;
  /** The executor must have been started for it; without one, tokens are greedy. */
  readonly sampling?: Sampling;
}

/** Times are process.hrtime nanoseconds, comparable with the main thread's. */
export interface BatchRun {
  /** Before padding and the making of tensors. */
  readonly startNs: number;
  /** When the prefill returned; equal to `endNs` for one output token. */
  readonly firstTokenNs: number;
  readonly endNs: number;
  /** Padded length: the longest prompt of the batch. */
  readonly promptTokens: number;
  /** `outputTokens` ids for each row, in the order of the rows. */
  readonly tokens: number[][];
  /** [outputTokens, rows, vocab], from the uncached executor, and from graphs that were written to give them. */
  readonly logits?: Float32Array;
  /**
   * Where keys and values leave the runtime between steps (a user's export): how many bytes of them went in and out,
   * and what passing as many through a graph that does nothing takes on this device.
   */
  readonly cacheCopies?: { readonly bytes: number; readonly costNs: number };
  /**
   * Peak resident memory of the whole process while the batch ran; elsewhere than on Linux, what it holds afterwards.
   */
  readonly peakRssBytes: number;
}

/** Throws ConfigError for a batch that the model cannot run: empty, too long, or with ids that are not tokens. */
export function checkBatch(
  { promptIds, outputTokens, sampling }: BatchRequest,
  shape: ModelShape,
  canSample: boolean,
): void {
  if (promptIds.length === 0) throw new ConfigError("batch is empty, expected at least one prompt");
  if (!Number.isSafeInteger(outputTokens) || outputTokens < 1) {
    throw new ConfigError(`batch: outputTokens is ${outputTokens}, expected a whole number of at least 1`);
  }
  if (sampling !== undefined) {
    if (!canSample) throw new ConfigError("batch asks for sampling of an executor that was started without it");
    checkSampling(sampling, promptIds.length);
  }
  const idEnd = Math.max(tokenizerVocab, shape.vocab);
  const longest = shape.positions - outputTokens;
  promptIds.forEach((ids, row) => {
    if (ids.length === 0) throw new ConfigError(`batch: prompt ${row} is empty, expected at least one token`);
    if (ids.length > longest) {
      throw new ConfigError(
        `batch: prompt ${row} has ${ids.length} tokens, expected at most ${longest} ` +
          `(${shape.positions} positions of the model less ${outputTokens} output tokens), shorten it or ask for fewer tokens`,
      );
    }
    const wrong = ids.find((id) => !Number.isSafeInteger(id) || id < 0 || id >= idEnd);
    if (wrong !== undefined) {
      throw new ConfigError(`batch: prompt ${row} holds token id ${wrong}, expected 0 to ${idEnd - 1}`);
    }
  });
}

/** The rows as one [rows, promptTokens] array, padded on the left with token 0, and how much was padded in each. */
export function leftPad(
  promptIds: BatchRequest["promptIds"],
  shape: ModelShape,
): { promptTokens: number; inputIds: BigInt64Array<ArrayBuffer>; padTokens: BigInt64Array<ArrayBuffer> } {
  const promptTokens = promptIds.reduce((longest, ids) => Math.max(longest, ids.length), 0);
  const inputIds = new BigInt64Array(promptIds.length * promptTokens);
  const padTokens = new BigInt64Array(promptIds.length);
  promptIds.forEach((ids, row) => {
    const pad = promptTokens - ids.length;
    padTokens[row] = BigInt(pad);
    for (const [index, id] of ids.entries())
      inputIds[row * promptTokens + pad + index] = BigInt(foldTokenId(id, shape));
  });
  return { promptTokens, inputIds, padTokens };
}
