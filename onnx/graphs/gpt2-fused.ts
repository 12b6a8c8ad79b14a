/**
 * GPT-2 in ONNX Runtime's own operators: Attention with its cache, SkipLayerNormalization (residual sum and norm in
 * one), FastGelu with bias. Hidden states are 3-D, [batch, query, width]; keys and values of a layer share one tensor,
 * [2, batch, heads, context, head width]. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
import { attribute, DataType, type GraphWriter } from "../protobuf/index.js";
import { headWidth, type Precision, type ModelShape } from "../spec/index.js";
import type { Decoder, Pass } from "./decoder.js";
import { gpt2Embed, gpt2Epsilon, gpt2Head, gpt2Steps } from "./gpt2-layer.js";
import { gpt2Weights } from "./gpt2-weights.js";

/** The fused form; weights.bin is the same as the plain form's. */
export function fusedGpt2Decoder(shape: ModelShape, precision: Precision): Decoder {
  const dims = [2, "B", shape.heads, "P", headWidth(shape)] as const;
  return {
    weights: gpt2Weights(shape, precision),
    cache: Array.from({ length: shape.layers }, (_, layer) => ({ name: `past_${layer}`, dims })),
    cacheTokenAxis: 3,
    // Attention masks the future itself and takes the padding as int32 [B, context].
    promptMask: (g, visible) => g.cast(visible, DataType.int32),
    stepMask: (g, visible) => g.cast(visible, DataType.int32),
    stepMaskAxis: 1,
    run: (g, pass) => fusedLayers(g, shape, pass),
    logits: (g, normed) => gpt2Head(g, normed),
    ...gpt2Steps(shape),
  };
}

/** All layers; SkipLayerNormalization of the last one is ln_f already, so the hidden state comes out normed. */
function fusedLayers(g: GraphWriter, shape: ModelShape, pass: Pass): { hidden: string; cache: string[] } {
  const { layers, width, heads } = shape;
  const cache: string[] = [];
  const query = pass.queryTokens ?? g.ints([1]);
  const dims = g.op("Concat", [g.ints([-1]), query, g.ints([width])], attribute.int("axis", 0));
  let sum = g.op("Reshape", [gpt2Embed(g, pass), dims]);
  const epsilon = attribute.float("epsilon", gpt2Epsilon);
  let normed = g.op("LayerNormalization", [sum, "h0.ln_1.weight", "h0.ln_1.bias"], epsilon);
  const addAndNorm = (branch: string, bias: string, norm: string) => {
    const inputs = [branch, sum, `${norm}.weight`, `${norm}.bias`, bias];
    // Outputs 1 and 2 are for training; an unused output may keep its name.
    const [next, , , nextSum] = g.contrib("SkipLayerNormalization", inputs, 4, epsilon);
    normed = next!;
    sum = nextSum!;
  };
  for (let layer = 0; layer < layers; layer++) {
    const name = `h${layer}`;
    const attention = [normed, `${name}.attn.weight`, `${name}.attn.bias`, pass.mask, pass.past?.[layer] ?? ""];
    const numHeads = attribute.int("num_heads", heads);
    const [attended, present] = g.contrib("Attention", attention, 2, numHeads, attribute.int("unidirectional", 1));
    cache.push(present!);
    addAndNorm(g.op("MatMul", [attended!, `${name}.attn_proj.weight`]), `${name}.attn_proj.bias`, `${name}.ln_2`);
    const expanded = g.op("MatMul", [normed, `${name}.mlp.weight`]);
    const [activated] = g.contrib("FastGelu", [expanded, `${name}.mlp.bias`], 1);
    const next = layer + 1 < layers ? `h${layer + 1}.ln_1` : "ln_f";
    addAndNorm(g.op("MatMul", [activated!, `${name}.mlp_proj.weight`]), `${name}.mlp_proj.bias`, next);
  }
  return { hidden: g.op("Reshape", [normed, g.ints([-1, width])]), cache };
}
