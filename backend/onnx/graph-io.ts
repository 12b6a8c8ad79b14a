/**
 * What the graphs of one model call their inputs and outputs, and the weights that each of them names.
 * B batch, P padded prompt tokens, N decode steps; keys and values are [B, heads, P, head width].
 */
import { externalConstant, type WeightTensor } from "./gpt2-weights.js";
import { GraphWriter } from "./graph-writer.js";
import { DataType, tensorInfo, type ValueInfo } from "./onnx-proto.js";
import type { ModelShape } from "./shape.js";

/** Inputs and outputs by name; pad_tokens counts the padding on the left of each row. */
export const graphNames = {
  inputIds: "input_ids", // int64 [B, P]
  padTokens: "pad_tokens", // int64 [B]
  firstToken: "first_token", // int64 [B, 1]
  steps: "steps", // int64 scalar, N >= 1
  tokens: "tokens", // int64 [B, N], the tokens after the first
  logits: "logits", // float32 [B, P, vocab]
  key: (layer: number) => `key_${layer}`,
  value: (layer: number) => `value_${layer}`,
} as const;

/** key_0, value_0, key_1, ... */
export function cacheNames(shape: ModelShape): string[] {
  return Array.from({ length: shape.layers }, (_, layer) => [graphNames.key(layer), graphNames.value(layer)]).flat();
}

/** Declares the KV cache under other names; `tokens` null leaves its sizes open, as a Loop body needs that grows it. */
export function cacheInfo(shape: ModelShape, rename: (name: string) => string, tokens: string | null): ValueInfo[] {
  const batch = tokens === null ? null : "B";
  const dims = [batch, shape.heads, tokens, shape.width / shape.heads];
  return cacheNames(shape).map((name) => tensorInfo(rename(name), DataType.float, dims));
}

/** A graph that may use every weight by name. */
export function withWeights(weights: readonly WeightTensor[]): GraphWriter {
  const g = new GraphWriter("");
  for (const tensor of weights) g.addConstant(externalConstant(tensor));
  return g;
}
