/**
 * Which model in which form. The name says both, `gpt2+fused+fp16`, and is read back by `ensureModel`, so that a profile or
 * a run that names its model can be measured again as it was.
 */
import { ConfigError } from "../../formats/index.js";
import { checkedShape, isPresetName, kvHeads, headWidth, modelPresets, presetNames, type ModelShape } from "./shape.js";

/**
 * Number format of weights, activations and KV cache; logits are always float32. The CPU has few fp16 operators: ONNX Runtime
 * puts casts around the rest, so there fp16 gives the right tokens and takes longer than fp32.
 */
export type Precision = "fp32" | "fp16";

/** How the graphs of a shape are written. */
export interface ModelForm {
  /** Default fp32. */
  readonly precision?: Precision;
  /** GPT-2 only: com.microsoft Attention, SkipLayerNormalization and FastGelu in place of basic ops. Default false. */
  readonly fused?: boolean;
}

/** A shape in a form, under the name that stands for both. */
export interface ModelSpec extends Required<ModelForm> {
  readonly name: string;
  readonly shape: ModelShape;
}

/** Bytes of one number. */
export const precisionBytes: Readonly<Record<Precision, number>> = { fp32: 4, fp16: 2 };

/** A preset name, with `+fused` or `+fp16` behind it or as options, or a shape. Throws ConfigError naming what is wrong. */
export function parseModelSpec(shapeOrName: ModelShape | string, form: ModelForm = {}): ModelSpec {
  const [base, ...marks] = typeof shapeOrName === "string" ? shapeOrName.split("+") : ["custom"];
  const shape = typeof shapeOrName === "string" ? presetShape(base!) : checkedShape(shapeOrName);
  const unknown = marks.find((mark) => mark !== "fused" && mark !== "fp16");
  if (unknown !== undefined) {
    throw new ConfigError(`model "${base!}": "+${unknown}" is unknown, expected +fused or +fp16`);
  }
  const precision = marks.includes("fp16") ? "fp16" : (form.precision ?? "fp32");
  const fused = marks.includes("fused") || (form.fused ?? false);
  if (!Object.hasOwn(precisionBytes, precision)) {
    throw new ConfigError(`model "${base!}": precision is "${precision}", expected fp32 or fp16`);
  }
  if (fused && shape.llama !== undefined) {
    throw new ConfigError(
      `model "${base!}": there is no fused form of a Llama-style decoder, choose a GPT-2 shape or leave out "fused"`,
    );
  }
  const name = `${base!}${fused ? "+fused" : ""}${precision === "fp16" ? "+fp16" : ""}`;
  return { name, shape, precision, fused };
}

/** Bytes of keys and values that one token of one row adds to the cache. */
export function kvBytesPerToken(shape: ModelShape, precision: Precision = "fp32"): number {
  return 2 * shape.layers * kvHeads(shape) * headWidth(shape) * precisionBytes[precision];
}

function presetShape(name: string): ModelShape {
  if (!isPresetName(name)) throw new ConfigError(`unknown model "${name}": expected one of ${presetNames}`);
  return modelPresets[name];
}
