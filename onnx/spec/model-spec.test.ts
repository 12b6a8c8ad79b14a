import { ConfigError } from "../../formats/index.js";
import { decoderOf } from "../graphs/decoders.js";
import { parameterCount } from "../weights/weight-table.js";
import { kvBytesPerToken, parseModelSpec } from "./model-spec.js";
import { modelPresets } from "./shape.js";

test("a name carries its form and is read back as it was", () => {
  const spec = parseModelSpec("gpt2", { fused: true, precision: "fp16" });
  expect(spec).toMatchObject({ name: "gpt2+fused+fp16", fused: true, precision: "fp16", shape: modelPresets.gpt2 });
  expect(parseModelSpec(spec.name)).toEqual(spec);
  expect(parseModelSpec("gpt2+fp16+fused")).toEqual(spec);
  expect(parseModelSpec("llama-mini")).toMatchObject({ name: "llama-mini", fused: false, precision: "fp32" });
});

test.each([
  ["gpt5", 'unknown model "gpt5"'],
  ["gpt2+int8", '"+int8" is unknown, expected +fused or +fp16'],
  ["llama-tiny+fused", "no fused form of a Llama-style decoder"],
])("%s is rejected", (name, message) => {
  expect(() => parseModelSpec(name)).toThrow(ConfigError);
  expect(() => parseModelSpec(name)).toThrow(message);
});

test.each([
  [{ kvHeads: 3 }, "heads 4 is not a multiple of kvHeads 3"],
  [{ intermediate: 0 }, "intermediate is 0"],
  [{ ropeTheta: 0 }, "ropeTheta is 0"],
  [{ epsilon: NaN }, "epsilon is NaN"],
])("a Llama shape with %j is rejected", (change, message) => {
  const tiny = modelPresets["llama-tiny"];
  expect(() => parseModelSpec({ ...tiny, llama: { ...tiny.llama, ...change } })).toThrow(message);
});

test("an odd head width has no rotary halves", () => {
  const shape = { ...modelPresets["llama-tiny"], width: 12 };
  expect(() => parseModelSpec(shape)).toThrow("head width 3 is odd");
});

test.each([
  ["gpt2", 124_439_808],
  ["gpt2-medium", 354_823_168],
  ["gpt2-large", 774_030_080],
  ["gpt2-xl", 1_557_611_200],
  ["tinyllama-1.1b", 1_100_048_384],
])("%s has the published number of parameters", (name, parameters) => {
  expect(parameterCount(decoderOf(parseModelSpec(name)).weights)).toBe(parameters);
});

test("the KV cache of a token counts key heads, layers and bytes of the precision", () => {
  expect(kvBytesPerToken(modelPresets.gpt2)).toBe(2 * 12 * 768 * 4);
  expect(kvBytesPerToken(modelPresets["tinyllama-1.1b"], "fp16")).toBe(2 * 22 * 256 * 2);
});
