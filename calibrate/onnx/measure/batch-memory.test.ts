import { modelPresets } from "../../../onnx/index.js";
import { batchBytes, MemoryBound } from "./batch-memory.js";

const { layers, width } = modelPresets.mini;
const model = { ...modelPresets.mini, kvBytesPerToken: 2 * layers * width * 4 };
const GIB = 2 ** 30;
const shape = (batchSize: number, promptTokens = 48, decodeSteps = 24) => ({ batchSize, promptTokens, decodeSteps });

test("the estimate covers what mini was measured to take: 135 MiB more for 16 rows of 48 tokens than for one of 1", () => {
  const more = batchBytes(shape(16), model) - batchBytes(shape(1, 1), model);
  expect(more).toBeGreaterThan(135 * 2 ** 20);
  expect(more).toBeLessThan(300 * 2 ** 20);
});

test("a million rows are rejected where sixteen are not, and the largest batch that fits is known", () => {
  const bound = new MemoryBound(model, 8 * GIB);
  expect([16, 1_000_000].map((rows) => bound.allows(shape(rows)))).toEqual([true, false]);
  expect([16, 1_000_000].map((rows) => bound.isRisky(shape(rows)))).toEqual([false, true]);
  const most = bound.mostRows(48, 24);
  expect([most, most + 1].map((rows) => bound.allows(shape(rows)))).toEqual([true, false]);
});

test("batches that took twice the estimate halve what is allowed; smaller ones than estimated change nothing", () => {
  const bound = new MemoryBound(model, 8 * GIB);
  const most = bound.mostRows(48, 24);
  const first = batchBytes(shape(1), model);
  bound.observe(shape(1), 500e6);
  bound.observe(shape(64), 500e6 + 0.5 * (batchBytes(shape(64), model) - first));
  expect(bound.mostRows(48, 24)).toBe(most);
  bound.observe(shape(128), 500e6 + 2 * (batchBytes(shape(128), model) - first));
  expect(bound.mostRows(48, 24)).toBe(Math.floor(most / 2));
});
