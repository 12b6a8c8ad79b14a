/**
 * What a model family adds to the graphs: its weights, the layout of its KV cache and its layers. Everything else
 * (padding, positions, the Loop, choosing tokens) is the same for all and is in prompt-graphs.ts and decode-graph.ts.
 */
import type { GraphWriter } from "../protobuf/index.js";
import type { WeightTensor } from "../weights/index.js";
import type { CacheTensor } from "./graph-io.js";

/** New tokens on their way through the layers: Q of them in each of B rows. */
export interface Pass {
  /** int64, flat [B x Q] */
  readonly tokenIds: string;
  /** int64, flat [B x Q] */
  readonly positions: string;
  /** Q as int64 [1]; none where each row has one new token, as in a decode step. */
  readonly queryTokens?: string;
  /** Of `promptMask` or `stepMask`. */
  readonly mask: string;
  /** The cache before these tokens, in the order of `Decoder.cache`. */
  readonly past?: readonly string[];
}

/** New tokens of several requests on their way through the layers, whose keys and values lie elsewhere. */
export interface StepPass {
  /** int64, flat [tokens] */
  readonly tokenIds: string;
  /** int64, flat [tokens] */
  readonly positions: string;
  /**
   * Attention of one layer over queries, keys and values [tokens, (heads + 2 key heads) x head width]: [tokens, width].
   */
  attend(layer: number, packed: string): string;
}

/** One model family in one form. */
export interface Decoder {
  readonly weights: readonly WeightTensor[];
  readonly cache: readonly CacheTensor[];
  /** Which axis of a cache tensor counts tokens. */
  readonly cacheTokenAxis: number;
  /** Which tokens attend to which in a prompt, from bool [B, P] (false for padding); earlier tokens only. */
  promptMask(g: GraphWriter, visible: string): string;
  /** What one new token attends to, from bool [B, context]; each step takes the first part along `stepMaskAxis`. */
  stepMask(g: GraphWriter, visible: string): string;
  readonly stepMaskAxis: number;
  /** Runs all layers: the hidden state [B x Q, width] as `logits` takes it, and the cache with these tokens. */
  run(g: GraphWriter, pass: Pass): { readonly hidden: string; readonly cache: readonly string[] };
  /** Runs all layers of a step: the hidden state [tokens, width] as `stepLogits` takes it. */
  runStep(g: GraphWriter, pass: StepPass): string;
  /** Logits of hidden states of `runStep`. */
  stepLogits(g: GraphWriter, hidden: string): string;
  /** Logits of hidden states [rows, width] in the graph's precision. */
  logits(g: GraphWriter, hidden: string): string;
}
