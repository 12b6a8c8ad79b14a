/**
 * GPT-2 in basic ops: embedding, pre-norm transformer layers, tied LM head.
 * Radford et al. 2019; https://github.com/openai/gpt-2/blob/master/src/model.py
 */
import { attribute, type GraphWriter } from "../protobuf/index.js";
import type { Precision, ModelShape } from "../spec/index.js";
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
import { gpt2Weights } from "./gpt2-weights.js";

/** Of every LayerNormalization. */
export const gpt2Epsilon = 1e-5;

/** The plain form, which every other one is compared with. */
export function gpt2Decoder(shape: ModelShape, precision: Precision): Decoder {
  return {
    ...biasMasks,
    weights: gpt2Weights(shape, precision),
    cache: keyValueCache(shape),
    run(g, pass) {
      let hidden = gpt2Embed(g, pass);
      const cache: string[] = [];
      for (let layer = 0; layer < shape.layers; layer++) {
        const past = pass.past?.slice(2 * layer, 2 * layer + 2);
        const out = transformerLayer(g, shape, `h${layer}`, hidden, pass, past);
        cache.push(out.key, out.value);
        hidden = out.hidden;
      }
      return { hidden, cache };
    },
    logits: (g, hidden) => gpt2Head(g, layerNorm(g, hidden, "ln_f")),
    ...gpt2Steps(shape),
  };
}

/** Steps of continuous batching, the same in every form. */
export function gpt2Steps({ layers }: ModelShape): Pick<Decoder, "runStep" | "stepLogits"> {
  return {
    runStep(g, pass) {
      let hidden = gpt2Embed(g, pass);
      for (let layer = 0; layer < layers; layer++) {
        const name = `h${layer}`;
        const qkv = linear(g, layerNorm(g, hidden, `${name}.ln_1`), `${name}.attn`);
        const attention = linear(g, pass.attend(layer, qkv), `${name}.attn_proj`);
        hidden = feedForward(g, name, g.op("Add", [hidden, attention]));
      }
      return hidden;
    },
    stepLogits: (g, hidden) => gpt2Head(g, layerNorm(g, hidden, "ln_f")),
  };
}

/** Sum of token and position embedding, [tokens, width]. */
export function gpt2Embed(g: GraphWriter, { tokenIds, positions }: Pick<Pass, "tokenIds" | "positions">): string {
  return g.op("Add", [g.op("Gather", ["wte", tokenIds]), g.op("Gather", ["wpe", positions])]);
}

/** Logits of normed hidden states [rows, width]; the LM head is the token embedding. */
export function gpt2Head(g: GraphWriter, normed: string): string {
  return g.op("Gemm", [normed, "wte"], attribute.int("transB", 1));
}

function transformerLayer(
  g: GraphWriter,
  shape: ModelShape,
  name: string,
  hidden: string,
  pass: Pass,
  past: readonly string[] | undefined,
): { hidden: string; key: string; value: string } {
  const qkv = linear(g, layerNorm(g, hidden, `${name}.ln_1`), `${name}.attn`);
  const [query, ownKey, ownValue] = g
    .ops("Split", [qkv], 3, attribute.int("axis", 1), attribute.int("num_outputs", 3))
    .map((part) => splitHeads(g, part, shape.heads, shape, pass)) as [string, string, string];
  const key = append(g, past?.[0], ownKey);
  const value = append(g, past?.[1], ownValue);

  const weights = attentionWeights(g, attentionScores(g, query, key, shape), pass.mask);
  const attended = mergeHeads(g, g.op("MatMul", [weights, value]), shape, pass);
  const afterAttention = g.op("Add", [hidden, linear(g, attended, `${name}.attn_proj`)]);
  return { hidden: feedForward(g, name, afterAttention), key, value };
}

/** The second half of a layer, its residual sum included. */
function feedForward(g: GraphWriter, name: string, hidden: string): string {
  const expanded = linear(g, layerNorm(g, hidden, `${name}.ln_2`), `${name}.mlp`);
  const activated = g.op("Gelu", [expanded], attribute.text("approximate", "tanh"));
  return g.op("Add", [hidden, linear(g, activated, `${name}.mlp_proj`)]);
}

function linear(g: GraphWriter, input: string, name: string): string {
  return g.op("Gemm", [input, `${name}.weight`, `${name}.bias`]);
}

function layerNorm(g: GraphWriter, input: string, name: string): string {
  const epsilon = attribute.float("epsilon", gpt2Epsilon);
  return g.op("LayerNormalization", [input, `${name}.weight`, `${name}.bias`], epsilon);
}
