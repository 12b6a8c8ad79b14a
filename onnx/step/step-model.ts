/** Which models run continuous batching on ONNX Runtime: what its attention kernel does not take is rejected by name. */
import { ConfigError } from "../../formats/index.js";
import type { ModelFiles } from "../models/index.js";
import { headWidth } from "../spec/index.js";

/** ConfigError for a model that the kernel ends the process with, or refuses in words of its own. */
export function requireStepModel({ name, shape, exported }: ModelFiles, maxModelLen: number): void {
  const wrong = (what: string): ConfigError =>
    new ConfigError(`model "${name}" cannot run continuous batching on ONNX Runtime: ${what}`);
  if (exported !== undefined) throw wrong("an export has a graph of its own, use one of servesim's models");
  const multiple = shape.llama === undefined ? 8 : 16;
  if (headWidth(shape) % multiple !== 0) {
    throw wrong(`its heads are ${headWidth(shape)} wide, expected a multiple of ${multiple}`);
  }
  if (maxModelLen > shape.positions) {
    throw new ConfigError(
      `max_model_len ${maxModelLen} is more than model "${name}" has positions (${shape.positions})`,
    );
  }
}
