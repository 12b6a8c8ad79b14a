/**
 * The pieces of GPT-2 that all three graphs share: embedding, one transformer layer, the LM head.
 * Hidden states are 2-D, [tokens, width], so that every linear layer is one Gemm; tokens = batch x query tokens.
 * Layout of keys and values: [batch, heads, context, head width], where appending a token is one Concat.
 */
import type { GraphWriter } from "./graph-writer.js";
import { attribute } from "./onnx-proto.js";
import type { ModelShape } from "./shape.js";

/** What differs between reading a prompt and decoding one token. */
export interface AttentionContext {
  /** Added to the scores: 0 where a query may look, maskedScore elsewhere; broadcasts to [batch, heads, query, context]. */
  readonly bias: string;
  /** [tokens, width] -> [batch, heads, query, head width] */
  splitHeads(value: string): string;
  /** [batch, heads, query, head width] -> [tokens, width] */
  mergeHeads(value: string): string;
  /** Keys and values of earlier tokens, to be put before this layer's own. */
  readonly past?: { readonly key: string; readonly value: string };
}

/** Finite, so that a padded query that may look nowhere gives numbers and not NaN; exp() of it is exactly 0. */
const maskedScore = -1e9;
const epsilon = 1e-5;

/** Sum of token and position embedding for flat [tokens] ids and positions. */
export function embed(g: GraphWriter, tokenIds: string, positionIds: string): string {
  return g.op("Add", [g.op("Gather", ["wte", tokenIds]), g.op("Gather", ["wpe", positionIds])]);
}

/** One layer: returns the new hidden state and this layer's keys and values, the past included. */
export function transformerLayer(
  g: GraphWriter,
  shape: ModelShape,
  layer: number,
  hidden: string,
  context: AttentionContext,
): { hidden: string; key: string; value: string } {
  const name = `h${layer}`;
  const qkv = linear(g, layerNorm(g, hidden, `${name}.ln_1`), `${name}.attn`);
  const [query, ownKey, ownValue] = g
    .ops("Split", [qkv], 3, attribute.int("axis", 1), attribute.int("num_outputs", 3))
    .map((part) => context.splitHeads(part)) as [string, string, string];
  const { past } = context;
  const key = past ? g.op("Concat", [past.key, ownKey], attribute.int("axis", 2)) : ownKey;
  const value = past ? g.op("Concat", [past.value, ownValue], attribute.int("axis", 2)) : ownValue;

  const scaled = g.op("Mul", [query, g.float(1 / Math.sqrt(shape.width / shape.heads))]);
  const scores = g.op("MatMul", [scaled, g.op("Transpose", [key], attribute.ints("perm", [0, 1, 3, 2]))]);
  const weights = g.op("Softmax", [g.op("Add", [scores, context.bias])], attribute.int("axis", -1));
  const attended = context.mergeHeads(g.op("MatMul", [weights, value]));
  const afterAttention = g.op("Add", [hidden, linear(g, attended, `${name}.attn_proj`)]);

  const expanded = linear(g, layerNorm(g, afterAttention, `${name}.ln_2`), `${name}.mlp`);
  const activated = g.op("Gelu", [expanded], attribute.text("approximate", "tanh"));
  return { hidden: g.op("Add", [afterAttention, linear(g, activated, `${name}.mlp_proj`)]), key, value };
}

/** Logits [tokens, vocab] of hidden states [tokens, width]; the LM head is the token embedding. */
export function lmHead(g: GraphWriter, hidden: string): string {
  return g.op("Gemm", [layerNorm(g, hidden, "ln_f"), "wte"], attribute.int("transB", 1));
}

/** Scores of 0 where `allowed` is true and maskedScore elsewhere. */
export function attentionBias(g: GraphWriter, allowed: string): string {
  return g.op("Where", [allowed, g.float(0), g.float(maskedScore)]);
}

function linear(g: GraphWriter, input: string, name: string): string {
  return g.op("Gemm", [input, `${name}.weight`, `${name}.bias`]);
}

function layerNorm(g: GraphWriter, input: string, name: string): string {
  return g.op("LayerNormalization", [input, `${name}.weight`, `${name}.bias`], attribute.float("epsilon", epsilon));
}
