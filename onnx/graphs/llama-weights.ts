/**
 * The weights of a Llama-style decoder. Linear layers lie as [outputs, inputs], as checkpoints hold them, and have no bias;
 * the LM head is a tensor of its own. Two computed tables hold cosine and sine of each position.
 *
 * Scales of the noise follow those of gpt2-weights.ts: greedy tokens vary with the whole context.
 */
import { headWidth, kvHeads, type Precision, type LlamaShape, type ModelShape } from "../spec/index.js";
import { WeightTable, type WeightTensor } from "../weights/index.js";

/** Every tensor in file order. Checkpoint names as Hugging Face writes them; a checkpoint without lm_head ties it to the embedding. */
export function llamaWeights(shape: ModelShape, llama: LlamaShape, precision: Precision): WeightTensor[] {
  const { width, vocab, positions, layers } = shape;
  const kvWidth = kvHeads(shape) * headWidth(shape);
  const table = new WeightTable(precision);
  const add = (name: string, dims: readonly number[], deviation: number, mean = 0) => {
    table.add(name, dims, { kind: "noise", mean, deviation }, [`model.${name}`, name]);
  };
  const addLinear = (name: string, inputs: number, outputs: number, gain: number) => {
    add(`${name}.weight`, [outputs, inputs], gain / Math.sqrt(inputs));
  };

  add("embed_tokens.weight", [vocab, width], 0.02);
  for (let layer = 0; layer < layers; layer++) {
    const name = `layers.${layer}`;
    add(`${name}.input_layernorm.weight`, [width], 0.1, 1);
    addLinear(`${name}.self_attn.q_proj`, width, width, Math.SQRT2);
    addLinear(`${name}.self_attn.k_proj`, width, kvWidth, Math.SQRT2);
    addLinear(`${name}.self_attn.v_proj`, width, kvWidth, Math.SQRT2);
    addLinear(`${name}.self_attn.o_proj`, width, width, 1);
    add(`${name}.post_attention_layernorm.weight`, [width], 0.1, 1);
    addLinear(`${name}.mlp.gate_proj`, width, llama.intermediate, Math.SQRT2);
    addLinear(`${name}.mlp.up_proj`, width, llama.intermediate, 1);
    addLinear(`${name}.mlp.down_proj`, llama.intermediate, width, 1);
  }
  add("norm.weight", [width], 0.1, 1);
  const headNames = ["lm_head.weight", "model.embed_tokens.weight", "embed_tokens.weight"];
  table.add("lm_head.weight", [vocab, width], { kind: "noise", mean: 0, deviation: 0.02 }, headNames);
  for (const part of ["cos", "sin"] as const) {
    table.add(
      `rotary.${part}`,
      [positions, headWidth(shape) / 2],
      { kind: "rotary", part, theta: llama.ropeTheta },
      [],
    );
  }
  return table.tensors;
}
