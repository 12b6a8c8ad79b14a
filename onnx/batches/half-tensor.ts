/**
 * float16 tensors as onnxruntime-node takes and gives them. Where JavaScript has a Float16Array (Node 24 and later) its
 * Tensor turns our 16-bit words into one, over the same memory; its binding (1.29.0) does not know the length of such an
 * array and rejects it ("not enough space: expected 8, got 0"). Worker thread only.
 */
import { Tensor } from "onnxruntime-node";
import { fromHalf } from "../protobuf/index.js";

/** A float16 tensor over these words, which the binding reads and writes as they are. */
export function halfTensor(words: Uint16Array, dims: readonly number[]): Tensor {
  const tensor = new Tensor("float16", words, dims);
  // `data` is a getter of the class; the binding reads the tensor's own property first.
  return Object.defineProperty(tensor, "data", { value: words });
}

/** `count` numbers of a float32 or float16 tensor's data from `start` on, the halves of any Node widened. */
export function floatsOf(data: Tensor["data"], start: number, count: number): Float32Array {
  if (data instanceof Float32Array) return data.subarray(start, start + count);
  const { buffer, byteOffset } = data as Uint16Array;
  return Float32Array.from(new Uint16Array(buffer, byteOffset + 2 * start, count), fromHalf);
}
