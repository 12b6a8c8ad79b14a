/**
 * Which tensors weights.bin holds, where each lies and what fills it: little-endian, float32 or float16, each tensor
 * starting on a 4096-byte boundary so that ONNX Runtime can map it.
 */
import { DataType, type TensorConstant } from "../protobuf/index.js";
import { precisionBytes, type Precision } from "../spec/index.js";

/** File that all graphs of a model refer to, beside them. */
export const weightsFileName = "weights.bin";
const alignBytes = 4096;

/** Uniform noise of this mean and deviation, or cosine or sine of position x rotary frequency. */
export type WeightFill =
  | { readonly kind: "noise"; readonly mean: number; readonly deviation: number }
  | { readonly kind: "rotary"; readonly part: "cos" | "sin"; readonly theta: number };

/** One tensor of weights.bin. */
export interface WeightTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly elements: number;
  readonly precision: Precision;
  readonly offsetBytes: number;
  readonly fill: WeightFill;
  /** Its names in checkpoints, the usual one first; none for a table that is computed. */
  readonly checkpointNames: readonly string[];
}

/** Lays tensors out one after the other, in the order they are added. */
export class WeightTable {
  readonly tensors: WeightTensor[] = [];
  private endBytes = 0;

  constructor(private readonly precision: Precision) {}

  add(name: string, dims: readonly number[], fill: WeightFill, checkpointNames: readonly string[]): void {
    const elements = dims.reduce((product, size) => product * size, 1);
    const { precision, endBytes: offsetBytes } = this;
    this.tensors.push({ name, dims, elements, precision, offsetBytes, fill, checkpointNames });
    this.endBytes += Math.ceil((elements * precisionBytes[precision]) / alignBytes) * alignBytes;
  }
}

/** Bytes of one tensor, without the padding after it. */
export function tensorBytes({ elements, precision }: WeightTensor): number {
  return elements * precisionBytes[precision];
}

/** Size of weights.bin: up to the end of the last tensor, without padding after it. */
export function weightsFileBytes(tensors: readonly WeightTensor[]): number {
  const last = tensors.at(-1);
  return last === undefined ? 0 : last.offsetBytes + tensorBytes(last);
}

/** Number of weights of the model: computed tables do not count, and a tied LM head counts once. */
export function parameterCount(tensors: readonly WeightTensor[]): number {
  return tensors.reduce((sum, { elements, fill }) => sum + (fill.kind === "noise" ? elements : 0), 0);
}

/** The tensor as a graph refers to it: name and place in weights.bin. */
export function externalConstant(tensor: WeightTensor): TensorConstant {
  return {
    name: tensor.name,
    dims: tensor.dims,
    dataType: tensor.precision === "fp16" ? DataType.float16 : DataType.float,
    dataLocation: 1,
    externalData: [
      { key: "location", value: weightsFileName },
      { key: "offset", value: String(tensor.offsetBytes) },
      { key: "length", value: String(tensorBytes(tensor)) },
    ],
  };
}
