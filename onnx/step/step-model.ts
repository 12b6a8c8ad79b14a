/**
 * Which models run continuous batching on ONNX Runtime: what its attention kernel does not take is rejected by name.
 */
import { ConfigError } from "../../formats/index.js";
import type { OrtDevice } from "../c-api/index.js";
import type { ModelFiles } from "../models/index.js";
import { headWidth } from "../spec/index.js";

/** ConfigError for a model on which the kernel would crash or fail with an unclear message. */
export function requireStepModel(
  { name, shape, exported, precision }: ModelFiles,
  maxModelLen: number,
  device: OrtDevice,
): void {
  const wrong = (what: string): ConfigError =>
    new ConfigError(`model "${name}" cannot run continuous batching on ONNX Runtime: ${what}`);
  if (exported !== undefined) throw wrong("an export has a graph of its own, use one of servesim's models");
  const multiple = shape.llama === undefined ? 8 : 16;
  if (headWidth(shape) % multiple !== 0) {
    throw wrong(`its heads are ${headWidth(shape)} wide, expected a multiple of ${multiple}`);
  }
  // onnxruntime/contrib_ops/cuda/bert/group_query_attention.cc: registered for 16 bits only.
  if (device === "cuda" && precision !== "fp16") {
    throw wrong(`CUDA's attention kernel takes 16 bits, the model has ${precision}; give --precision fp16`);
  }
  if (maxModelLen > shape.positions) {
    throw new ConfigError(
      `max_model_len ${maxModelLen} is more than model "${name}" has positions (${shape.positions})`,
    );
  }
}
