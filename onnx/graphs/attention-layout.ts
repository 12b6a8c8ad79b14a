/**
 * How the families that are written in basic ops lay out attention. Hidden states are 2-D, [tokens, width], so that
 * every linear layer is one Gemm; tokens = batch x query tokens. Keys and values: [batch, heads, context, head width],
 * where appending a token is one Concat.
 */
import { attribute, type GraphWriter } from "../protobuf/index.js";
import { headWidth, kvHeads, type ModelShape } from "../spec/index.js";
import type { Pass } from "./decoder.js";
import type { CacheTensor } from "./graph-io.js";

/** Finite, so that a padded query, which attends to nothing, gives numbers and not NaN; exp() of it is exactly 0. */
const maskedScore = { fp32: -1e9, fp16: -6e4 };
const swapQueryAndHeads = attribute.ints("perm", [0, 2, 1, 3]);

/** key_0, value_0, key_1, ... */
export function keyValueCache(shape: ModelShape): CacheTensor[] {
  const dims = ["B", kvHeads(shape), "P", headWidth(shape)] as const;
  return Array.from({ length: shape.layers }, (_, layer) => [
    { name: `key_${layer}`, dims },
    { name: `value_${layer}`, dims },
  ]).flat();
}

/** The masks of a Decoder as numbers to be added to scores [batch, heads, query, context]. */
export const biasMasks = {
  cacheTokenAxis: 2,
  stepMaskAxis: 3,
  promptMask(g: GraphWriter, visible: string): string {
    const tokens = g.op("Shape", [visible], attribute.int("start", 1));
    const index = g.op("Range", [g.ints(0), g.op("Squeeze", [tokens]), g.ints(1)]);
    const causal = g.op("LessOrEqual", [index, g.op("Unsqueeze", [index, g.ints([1])])]);
    return bias(g, g.op("And", [causal, g.op("Unsqueeze", [visible, g.ints([1, 2])])]));
  },
  stepMask: (g: GraphWriter, visible: string): string => bias(g, g.op("Unsqueeze", [visible, g.ints([1, 2])])),
};

/** [tokens, heads x head width] -> [batch, heads, query, head width] */
export function splitHeads(g: GraphWriter, value: string, heads: number, shape: ModelShape, pass: Pass): string {
  // One query a row: the axes that a prompt must transpose are of size 1.
  if (pass.queryTokens === undefined) return g.op("Reshape", [value, g.ints([-1, heads, 1, headWidth(shape)])]);
  const parts = [g.ints([-1]), pass.queryTokens, g.ints([heads, headWidth(shape)])];
  const dims = g.op("Concat", parts, attribute.int("axis", 0));
  return g.op("Transpose", [g.op("Reshape", [value, dims])], swapQueryAndHeads);
}

/** [batch, heads, query, head width] -> [tokens, width] */
export function mergeHeads(g: GraphWriter, value: string, shape: ModelShape, pass: Pass): string {
  const ordered = pass.queryTokens === undefined ? value : g.op("Transpose", [value], swapQueryAndHeads);
  return g.op("Reshape", [ordered, g.ints([-1, shape.width])]);
}

/** The cache of one tensor, longer by the new tokens. */
export function append(g: GraphWriter, past: string | undefined, own: string): string {
  return past === undefined ? own : g.op("Concat", [past, own], attribute.int("axis", 2));
}

/** Scores of the queries against all keys: query x key^T / sqrt(head width). */
export function attentionScores(g: GraphWriter, query: string, key: string, shape: ModelShape): string {
  const scaled = g.op("Mul", [query, g.real(1 / Math.sqrt(headWidth(shape)))]);
  return g.op("MatMul", [scaled, g.op("Transpose", [key], attribute.ints("perm", [0, 1, 3, 2]))]);
}

/** Softmax of scores with the mask added. */
export function attentionWeights(g: GraphWriter, scores: string, mask: string): string {
  return g.op("Softmax", [g.op("Add", [scores, mask])], attribute.int("axis", -1));
}

function bias(g: GraphWriter, allowed: string): string {
  return g.op("Where", [allowed, g.real(0), g.real(maskedScore[g.precision])]);
}
