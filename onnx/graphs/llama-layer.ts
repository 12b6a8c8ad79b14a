/**
 * A Llama-style decoder in basic ops: RMSNorm, rotary positions, grouped-query attention, gated MLP (SwiGLU).
 * Touvron et al. 2023; Su et al. 2021 (rotary, in the half-split layout of Hugging Face checkpoints); Ainslie et al. 2023.
 * Query head h reads key head floor(h / group), so queries of one group lie together and no key is copied.
 */
import { attribute, DataType, type GraphWriter } from "../protobuf/index.js";
import { headWidth, type Precision, type LlamaShape, type ModelShape } from "../spec/index.js";
import {
  append,
  attentionScores,
  attentionWeights,
  biasMasks,
  keyValueCache,
  mergeHeads,
  splitHeads,
} from "./attention-layout.js";
import type { Decoder, Pass } from "./decoder.js";
import { llamaWeights } from "./llama-weights.js";

/** Cosine and sine of each new token's position, [batch, 1, query, head width / 2]. */
interface Rotary {
  readonly cos: string;
  readonly sin: string;
}

/** The plain form, the only one. */
export function llamaDecoder(shape: ModelShape, llama: LlamaShape, precision: Precision): Decoder {
  return {
    ...biasMasks,
    weights: llamaWeights(shape, llama, precision),
    cache: keyValueCache(shape),
    run(g, pass) {
      const rotary = { cos: angles(g, "rotary.cos", shape, pass), sin: angles(g, "rotary.sin", shape, pass) };
      let hidden = g.op("Gather", ["embed_tokens.weight", pass.tokenIds]);
      const cache: string[] = [];
      for (let layer = 0; layer < shape.layers; layer++) {
        const name = `layers.${layer}`;
        const past = pass.past?.slice(2 * layer, 2 * layer + 2);
        const normed = rmsNorm(g, hidden, `${name}.input_layernorm.weight`, llama);
        const attention = groupedAttention(g, shape, llama, `${name}.self_attn`, { normed, rotary, pass, past });
        hidden = feedForward(g, name, g.op("Add", [hidden, attention.out]), llama);
        cache.push(attention.key, attention.value);
      }
      return { hidden, cache };
    },
    logits: (g, hidden) => linear(g, rmsNorm(g, hidden, "norm.weight", llama), "lm_head"),
    runStep(g, pass) {
      let hidden = g.op("Gather", ["embed_tokens.weight", pass.tokenIds]);
      for (let layer = 0; layer < shape.layers; layer++) {
        const name = `layers.${layer}`;
        const normed = rmsNorm(g, hidden, `${name}.input_layernorm.weight`, llama);
        const parts = ["q", "k", "v"].map((part) => linear(g, normed, `${name}.self_attn.${part}_proj`));
        const attended = pass.attend(layer, g.op("Concat", parts, attribute.int("axis", 1)));
        hidden = g.op("Add", [hidden, linear(g, attended, `${name}.self_attn.o_proj`)]);
        hidden = feedForward(g, name, hidden, llama);
      }
      return hidden;
    },
    stepLogits: (g, hidden) => linear(g, rmsNorm(g, hidden, "norm.weight", llama), "lm_head"),
  };
}

/** The second half of a layer, its residual sum included. */
function feedForward(g: GraphWriter, name: string, hidden: string, llama: LlamaShape): string {
  const normed = rmsNorm(g, hidden, `${name}.post_attention_layernorm.weight`, llama);
  return g.op("Add", [hidden, gatedMlp(g, normed, `${name}.mlp`)]);
}

function groupedAttention(
  g: GraphWriter,
  shape: ModelShape,
  { kvHeads }: LlamaShape,
  name: string,
  input: { normed: string; rotary: Rotary; pass: Pass; past: readonly string[] | undefined },
): { out: string; key: string; value: string } {
  const { normed, rotary, pass, past } = input;
  const project = (part: string, heads: number) =>
    splitHeads(g, linear(g, normed, `${name}.${part}_proj`), heads, shape, pass);
  const query = rotate(g, project("q", shape.heads), rotary);
  const key = append(g, past?.[0], rotate(g, project("k", kvHeads), rotary));
  const value = append(g, past?.[1], project("v", kvHeads));

  // [B, heads, Q, ..] and [B, kvHeads, group x Q, ..] are the same numbers in the same order: 0 keeps a size, -1 fits the rest.
  const byGroup = g.ints([0, kvHeads, -1, 0]);
  const byHead = g.ints([0, shape.heads, -1, 0]);
  const grouped = g.op("Reshape", [query, g.ints([0, kvHeads, -1, headWidth(shape)])]);
  const scores = g.op("Reshape", [attentionScores(g, grouped, key, shape), byHead]);
  const weights = g.op("Reshape", [attentionWeights(g, scores, pass.mask), byGroup]);
  const attended = g.op("Reshape", [g.op("MatMul", [weights, value]), byHead]);
  return { out: linear(g, mergeHeads(g, attended, shape, pass), `${name}.o_proj`), key, value };
}

/** (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin) for the halves of each head. */
function rotate(g: GraphWriter, heads: string, { cos, sin }: Rotary): string {
  const parts = g.ops("Split", [heads], 2, attribute.int("axis", -1), attribute.int("num_outputs", 2));
  const [low, high] = parts as [string, string];
  const newLow = g.op("Sub", [g.op("Mul", [low, cos]), g.op("Mul", [high, sin])]);
  const newHigh = g.op("Add", [g.op("Mul", [high, cos]), g.op("Mul", [low, sin])]);
  return g.op("Concat", [newLow, newHigh], attribute.int("axis", -1));
}

function angles(g: GraphWriter, table: string, shape: ModelShape, { positions, queryTokens }: Pass): string {
  const tail = [queryTokens ?? g.ints([1]), g.ints([headWidth(shape) / 2])];
  const dims = g.op("Concat", [g.ints([-1]), g.ints([1]), ...tail], attribute.int("axis", 0));
  return g.op("Reshape", [g.op("Gather", [table, positions]), dims]);
}

function gatedMlp(g: GraphWriter, input: string, name: string): string {
  const gate = linear(g, input, `${name}.gate_proj`);
  const silu = g.op("Mul", [gate, g.op("Sigmoid", [gate])]);
  return linear(g, g.op("Mul", [silu, linear(g, input, `${name}.up_proj`)]), `${name}.down_proj`);
}

/** x / sqrt(mean(x^2) + epsilon) x weight; in float32 always, because squares leave the range of halves. */
function rmsNorm(g: GraphWriter, input: string, weight: string, { epsilon }: LlamaShape): string {
  const isHalf = g.precision === "fp16";
  const wide = isHalf ? g.cast(input, DataType.float) : input;
  const squares = g.op("Pow", [wide, g.float(2)]);
  const mean = g.op("ReduceMean", [squares, g.ints([-1])], attribute.int("keepdims", 1));
  const normed = g.op("Div", [wide, g.op("Sqrt", [g.op("Add", [mean, g.float(epsilon)])])]);
  return g.op("Mul", [isHalf ? g.cast(normed, DataType.float16) : normed, weight]);
}

function linear(g: GraphWriter, input: string, name: string): string {
  return g.op("Gemm", [input, `${name}.weight`], attribute.int("transB", 1));
}
