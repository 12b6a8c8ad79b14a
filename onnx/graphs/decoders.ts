/** The families and forms that servesim can write; a new one is one file and one line here. */
import { GraphWriter } from "../protobuf/index.js";
import type { ModelSpec } from "../spec/index.js";
import { externalConstant } from "../weights/index.js";
import type { Decoder } from "./decoder.js";
import { fusedGpt2Decoder } from "./gpt2-fused.js";
import { gpt2Decoder } from "./gpt2-layer.js";
import { llamaDecoder } from "./llama-layer.js";

/** The decoder of this model in its form. */
export function decoderOf({ shape, precision, fused }: ModelSpec): Decoder {
  if (shape.llama !== undefined) return llamaDecoder(shape, shape.llama, precision);
  return fused ? fusedGpt2Decoder(shape, precision) : gpt2Decoder(shape, precision);
}

/** A graph that may use every weight by name. */
export function withWeights(decoder: Decoder, { precision }: ModelSpec): GraphWriter {
  const g = new GraphWriter("", precision);
  for (const tensor of decoder.weights) g.addConstant(externalConstant(tensor));
  return g;
}
