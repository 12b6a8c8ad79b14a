import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import seedrandom from "seedrandom";
import { ConfigError } from "../../formats/index.js";
import { ensureModel } from "../models/model-cache.js";
import { startOnnxExecutor, startUncachedExecutor, type OnnxExecutor } from "./executor.js";
import { sampleToken } from "./sampling.js";

let cacheDir: string;
let sampling: OnnxExecutor;
let greedy: OnnxExecutor;
let plain: OnnxExecutor;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "servesim-sampling-"));
  const model = await ensureModel("tiny", { cacheDir });
  sampling = await startOnnxExecutor({ model, device: "cpu", threads: 1, sampling: true });
  greedy = await startOnnxExecutor({ model, device: "cpu", threads: 1 });
  plain = await startUncachedExecutor({ model, device: "cpu", threads: 1, sampling: true });
});
afterAll(async () => {
  await Promise.all([sampling, greedy, plain].map((executor) => executor.close()));
  await rm(cacheDir, { recursive: true });
});

const random = seedrandom.alea("sampling.test");
const prompt = (tokens: number) => Array.from({ length: tokens }, () => Math.floor(random.quick() * 512));
const seeds = (rows: number) => Array.from({ length: rows }, (_, row) => `seed-${row}`);

test.each([
  ["temperature alone", { temperature: 1 }],
  ["a low temperature", { temperature: 0.02 }],
  ["top-k", { temperature: 0.1, topK: 5 }],
  ["top-k beyond the vocabulary", { temperature: 0.1, topK: 100_000 }],
  ["top-p", { temperature: 0.05, topP: 0.7 }],
  ["top-k and top-p", { temperature: 0.05, topK: 20, topP: 0.5 }],
])("with %s, prefill and Loop draw the tokens of the plain pass sampled in float64", async (_, settings) => {
  const promptIds = [prompt(3), prompt(14), prompt(1), prompt(8)];
  const batch = { promptIds, outputTokens: 12, sampling: { ...settings, seeds: seeds(4) } };
  const [got, expected] = [await sampling.runBatch(batch), await plain.runBatch(batch)];
  expect(got.tokens).toEqual(expected.tokens);
  expect(got.tokens).not.toEqual((await greedy.runBatch({ promptIds, outputTokens: 12 })).tokens);
});

test("without sampling, with one candidate, or with a tiny top-p the tokens are the greedy ones", async () => {
  const batch = { promptIds: [prompt(5), prompt(9)], outputTokens: 10 };
  const { tokens } = await greedy.runBatch(batch);
  expect((await sampling.runBatch(batch)).tokens).toEqual(tokens);
  for (const cut of [{ topK: 1 }, { topP: 1e-6 }]) {
    const run = await sampling.runBatch({ ...batch, sampling: { temperature: 2, ...cut, seeds: seeds(2) } });
    expect(run.tokens).toEqual(tokens);
  }
});

test("a row's sample depends on its own seed and not on who shares its batch", async () => {
  const row = prompt(6);
  const draw = async (promptIds: number[][], rowSeeds: string[]) =>
    (await sampling.runBatch({ promptIds, outputTokens: 16, sampling: { temperature: 1, seeds: rowSeeds } })).tokens;
  const [alone] = await draw([row], ["a"]);
  expect((await draw([prompt(20), row], ["b", "a"]))[1]).toEqual(alone);
  expect((await draw([row], ["b"]))[0]).not.toEqual(alone);
});

test("over many seeds the first token falls as its probabilities say", async () => {
  const rows = 600;
  const promptIds = Array<number[]>(rows).fill(prompt(4));
  const { logits } = await plain.runBatch({ promptIds: promptIds.slice(0, 1), outputTokens: 1 });
  const order = [...logits!.keys()].sort((a, b) => logits![b]! - logits![a]!).slice(0, 6);
  const weights = order.map((id) => Math.exp(logits![id]! / 0.05));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const { tokens } = await sampling.runBatch({ promptIds, outputTokens: 1, sampling: { temperature: 0.05, topK: 6, seeds: seeds(rows) } }); // prettier-ignore
  const chiSquare = order.reduce((sum, id, at) => {
    const expected = (rows * weights[at]!) / total;
    return sum + (tokens.filter(([token]) => token === id).length - expected) ** 2 / expected;
  }, 0);
  // 5 degrees of freedom: P(chi square > 20.5) = 0.001
  expect(chiSquare).toBeLessThan(20.5);
  expect(tokens.every(([token]) => order.includes(token!))).toBe(true);
});

test("a uniform number picks the candidate in whose share it falls, and never one that was cut", () => {
  const logits = Float32Array.from([Math.log(1), Math.log(4), Math.log(3), Math.log(2)]);
  const pick = (uniform: number, cut = {}) => sampleToken(logits, { temperature: 1, seeds: [], ...cut }, uniform);
  expect([0, 0.39, 0.41, 0.69, 0.71, 0.89, 0.91, 1].map((uniform) => pick(uniform))).toEqual([1, 1, 2, 2, 3, 3, 0, 0]);
  expect([0.1, 0.6, 0.99].map((uniform) => pick(uniform, { topK: 2 }))).toEqual([1, 2, 2]);
  expect([0.1, 0.5, 0.99].map((uniform) => pick(uniform, { topP: 0.41 }))).toEqual([1, 1, 2]);
});

describe("sampling that cannot be done is rejected", () => {
  test.each([
    [{ temperature: 0 }, "temperature is 0"],
    [{ temperature: NaN }, "temperature is NaN"],
    [{ temperature: 1, topK: 0 }, "topK is 0"],
    [{ temperature: 1, topP: 1.5 }, "topP is 1.5"],
    [{ temperature: 1, seeds: ["a", "b"] }, "the number of seeds is 2"],
  ])("%j", async (settings, message) => {
    const run = sampling.runBatch({ promptIds: [[1]], outputTokens: 1, sampling: { seeds: ["a"], ...settings } });
    await expect(run).rejects.toThrow(ConfigError);
    await expect(run).rejects.toThrow(message);
  });
  test("by an executor that was started without it", async () => {
    const run = greedy.runBatch({ promptIds: [[1]], outputTokens: 1, sampling: { temperature: 1, seeds: ["a"] } });
    await expect(run).rejects.toThrow("started without it");
  });
});
