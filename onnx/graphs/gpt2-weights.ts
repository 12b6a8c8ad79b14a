/**
 * The weights of a GPT-2 model. Linear layers lie as [inputs, outputs], which is how checkpoints hold them too (Conv1D).
 * The token embedding is also the LM head: stored once.
 *
 * Scales of the noise are chosen so that greedy tokens vary with the whole context: blocks add values of size 1 to a residual
 * stream that starts at 0.03, so the tied LM head does not just echo its input, and scores of variance 4 make attention
 * look at few tokens.
 */
import type { Precision, ModelShape } from "../spec/index.js";
import { WeightTable, type WeightTensor } from "../weights/index.js";

/** Every tensor in file order. Checkpoint names as Hugging Face writes them, with and without `transformer.` before them. */
export function gpt2Weights(shape: ModelShape, precision: Precision): WeightTensor[] {
  const { width, vocab, positions, layers } = shape;
  const table = new WeightTable(precision);
  const add = (name: string, checkpoint: string, dims: readonly number[], deviation: number, mean = 0) => {
    table.add(name, dims, { kind: "noise", mean, deviation }, [checkpoint, `transformer.${checkpoint}`]);
  };
  const addLinear = (name: string, checkpoint: string, inputs: number, outputs: number, gain: number) => {
    add(`${name}.weight`, `${checkpoint}.weight`, [inputs, outputs], gain / Math.sqrt(inputs));
    add(`${name}.bias`, `${checkpoint}.bias`, [outputs], 0.02);
  };
  const addNorm = (name: string, checkpoint: string) => {
    add(`${name}.weight`, `${checkpoint}.weight`, [width], 0.1, 1);
    add(`${name}.bias`, `${checkpoint}.bias`, [width], 0.02);
  };

  add("wte", "wte.weight", [vocab, width], 0.02);
  add("wpe", "wpe.weight", [positions, width], 0.04);
  for (let layer = 0; layer < layers; layer++) {
    const [name, checkpoint] = [`h${layer}`, `h.${layer}`];
    addNorm(`${name}.ln_1`, `${checkpoint}.ln_1`);
    addLinear(`${name}.attn`, `${checkpoint}.attn.c_attn`, width, 3 * width, Math.SQRT2);
    addLinear(`${name}.attn_proj`, `${checkpoint}.attn.c_proj`, width, width, 1);
    addNorm(`${name}.ln_2`, `${checkpoint}.ln_2`);
    addLinear(`${name}.mlp`, `${checkpoint}.mlp.c_fc`, width, 4 * width, Math.SQRT2);
    addLinear(`${name}.mlp_proj`, `${checkpoint}.mlp.c_proj`, 4 * width, width, 1);
  }
  addNorm("ln_f", "ln_f");
  return table.tensors;
}
