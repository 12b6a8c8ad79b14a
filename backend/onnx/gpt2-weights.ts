/**
 * Which weights a GPT-2 model has, where each lies in weights.bin and how its noise is scaled. All float32, little-endian,
 * each tensor starting on a 4096-byte boundary so that ONNX Runtime can map it. The token embedding is also the LM head: stored once.
 *
 * Scales are chosen so that greedy tokens vary with the whole context: blocks add values of size 1 to a residual stream that
 * starts at 0.03, so the tied LM head does not just echo its input, and scores of variance 4 make attention look at few tokens.
 */
import type { TensorConstant } from "./onnx-proto.js";
import { DataType } from "./onnx-proto.js";
import type { ModelShape } from "./shape.js";

/** File that both graphs refer to, beside them. */
export const weightsFileName = "weights.bin";
const alignBytes = 4096;

/** One tensor of weights.bin: uniform noise with this mean and standard deviation. */
export interface WeightTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly elements: number;
  readonly offsetBytes: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Every tensor in file order. */
export function gpt2Weights(shape: ModelShape): WeightTensor[] {
  const { width, vocab, positions, layers } = shape;
  const tensors: WeightTensor[] = [];
  let offsetBytes = 0;
  const add = (name: string, dims: readonly number[], deviation: number, mean = 0) => {
    const elements = dims.reduce((product, size) => product * size, 1);
    tensors.push({ name, dims, elements, offsetBytes, mean, deviation });
    offsetBytes += Math.ceil((elements * Float32Array.BYTES_PER_ELEMENT) / alignBytes) * alignBytes;
  };
  const addLinear = (name: string, inputs: number, outputs: number, gain: number) => {
    add(`${name}.weight`, [inputs, outputs], gain / Math.sqrt(inputs));
    add(`${name}.bias`, [outputs], 0.02);
  };
  const addNorm = (name: string) => {
    add(`${name}.weight`, [width], 0.1, 1);
    add(`${name}.bias`, [width], 0.02);
  };

  add("wte", [vocab, width], 0.02);
  add("wpe", [positions, width], 0.04);
  for (let layer = 0; layer < layers; layer++) {
    addNorm(`h${layer}.ln_1`);
    addLinear(`h${layer}.attn`, width, 3 * width, Math.SQRT2);
    addLinear(`h${layer}.attn_proj`, width, width, 1);
    addNorm(`h${layer}.ln_2`);
    addLinear(`h${layer}.mlp`, width, 4 * width, Math.SQRT2);
    addLinear(`h${layer}.mlp_proj`, 4 * width, width, 1);
  }
  addNorm("ln_f");
  return tensors;
}

/** Size of weights.bin: up to the end of the last tensor, without padding after it. */
export function weightsFileBytes(tensors: readonly WeightTensor[]): number {
  const last = tensors.at(-1);
  return last === undefined ? 0 : last.offsetBytes + last.elements * Float32Array.BYTES_PER_ELEMENT;
}

/** Number of weights of the model; the tied LM head counts once. */
export function parameterCount(tensors: readonly WeightTensor[]): number {
  return tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
}

/** The tensor as a graph refers to it: name and place in weights.bin. */
export function externalConstant(tensor: WeightTensor): TensorConstant {
  return {
    name: tensor.name,
    dims: tensor.dims,
    dataType: DataType.float,
    dataLocation: 1,
    externalData: [
      { key: "location", value: weightsFileName },
      { key: "offset", value: String(tensor.offsetBytes) },
      { key: "length", value: String(tensor.elements * Float32Array.BYTES_PER_ELEMENT) },
    ],
  };
}
