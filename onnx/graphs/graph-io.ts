/**
 * Names of the inputs and outputs of a model's graphs.
 * B batch, P padded prompt tokens, N decode steps, V vocabulary.
 */
import { DataType, tensorInfo, type ValueInfo } from "../protobuf/index.js";

/** Inputs and outputs by name; pad_tokens counts the padding on the left of each row. */
export const graphNames = {
  inputIds: "input_ids", // int64 [B, P]
  padTokens: "pad_tokens", // int64 [B]
  firstToken: "first_token", // int64 [B, 1]
  steps: "steps", // int64 scalar, N >= 1
  tokens: "tokens", // int64 [B, N], the tokens after the first
  logits: "logits", // float32 [B, P, V]; of a step [N, B, V]
  temperature: "temperature", // float32 scalar, above 0
  topK: "top_k", // int64 [1], 1 to V
  topP: "top_p", // float32 scalar, above 0, at most 1
  uniforms: "uniforms", // float32 [B] or [N, B], from 0 up to but not 1
} as const;

/** One tensor of the KV cache: keys and values of one layer, or both in one. Sizes "B" and "P" depend on the batch. */
export interface CacheTensor {
  readonly name: string;
  readonly dims: readonly (number | "B" | "P")[];
}

/**
 * Declares the KV cache under other names; `isOpen` leaves batch and tokens unknown, as a Loop body needs that grows
 * it.
 */
export function cacheInfo(
  cache: readonly CacheTensor[],
  realType: number,
  rename: (name: string) => string = (name) => name,
  isOpen = false,
): ValueInfo[] {
  return cache.map(({ name, dims }) => {
    const open = dims.map((size) => (isOpen && typeof size === "string" ? null : size));
    return tensorInfo(rename(name), realType, open);
  });
}

/** The sizes of a cache tensor after a prompt of this many rows and padded tokens. */
export function cacheDims({ dims }: CacheTensor, rows: number, promptTokens: number): number[] {
  return dims.map((size) => (size === "B" ? rows : size === "P" ? promptTokens : size));
}

/** The inputs of a graph that samples: scalars, and one uniform number for each token to be chosen. */
export function samplingInfo(uniformDims: readonly string[]): ValueInfo[] {
  return [
    tensorInfo(graphNames.temperature, DataType.float, []),
    tensorInfo(graphNames.topK, DataType.int64, [1]),
    tensorInfo(graphNames.topP, DataType.float, []),
    tensorInfo(graphNames.uniforms, DataType.float, uniformDims),
  ];
}
