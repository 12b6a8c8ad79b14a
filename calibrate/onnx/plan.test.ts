import { modelPresets } from "../../onnx/index.js";
import { ConfigError } from "../../formats/index.js";
import { shapeName } from "../fit/index.js";
import { gridShapes, memoryShapes, promptIdsOf, referenceShape, resolvePlan, roundOrder } from "./plan.js";

const options = { model: "mini", device: "cpu", repeats: 3 } as const;
const plan = resolvePlan(options, modelPresets.mini, "1");

test("defaults are filled, and levels given are sorted without repetition", () => {
  expect(plan.batchSizes).toEqual([1, 2, 4, 8, 16]);
  const given = resolvePlan({ ...options, batch_sizes: [4, 1, 4, 2] }, modelPresets.mini, "1");
  expect(given.batchSizes).toEqual([1, 2, 4]);
});

test("a plan longer than the model's positions is rejected with both numbers", () => {
  const long = { ...options, prompt_tokens: [8, 120], decode_steps: [24] };
  expect(() => resolvePlan(long, modelPresets.tiny, "1")).toThrow(ConfigError);
  expect(() => resolvePlan(long, modelPresets.tiny, "1")).toThrow(/145 positions.*has 128/);
});

test("each round holds every shape once, in an order of its own that the seed fixes", () => {
  const names = (round: number, seed = "1"): string[] => roundOrder(gridShapes(plan), seed, round).map(shapeName);
  expect([...names(0)].sort()).toEqual(gridShapes(plan).map(shapeName).sort());
  expect(names(0)).not.toEqual(names(1));
  expect(names(0)).toEqual(names(0));
  expect(names(0)).not.toEqual(names(0, "2"));
});

test("repeats are capped at eight, or at what was asked for when that is more", () => {
  expect(plan.maxRepeats).toBe(8);
  expect(resolvePlan({ ...options, repeats: 20 }, modelPresets.mini, "1").maxRepeats).toBe(20);
  expect(resolvePlan({ ...options, max_repeats: 5 }, modelPresets.mini, "1").maxRepeats).toBe(5);
});

test("the reference is a cheap shape of the grid's middle", () => {
  expect(shapeName(referenceShape(plan))).toBe("b4 p12 n5");
});

test("the memory pass never shrinks in tokens held", () => {
  const held = memoryShapes(plan).map((shape) => shape.batchSize * (shape.promptTokens + 1 + shape.decodeSteps));
  expect(held).toEqual([...held].sort((a, b) => a - b));
  expect(held.at(-1)).toBe(16 * (48 + 1 + 24));
});

test("prompts have the exact length and are the same for the same repeat", () => {
  const shape = { batchSize: 3, promptTokens: 7, decodeSteps: 2 };
  const prompts = promptIdsOf(plan, shape, 0, 512);
  expect(prompts.map((ids) => ids.length)).toEqual([7, 7, 7]);
  expect(prompts.flat().every((id) => Number.isInteger(id) && id >= 0 && id < 512)).toBe(true);
  expect(promptIdsOf(plan, shape, 0, 512)).toEqual(prompts);
  expect(promptIdsOf(plan, shape, 1, 512)).not.toEqual(prompts);
});
