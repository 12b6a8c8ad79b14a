import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import seedrandom from "seedrandom";
import { BackendError, ConfigError } from "../../formats/index.js";
import { ensureModel, type ModelFiles } from "../models/index.js";
import { tokenizerVocab } from "../spec/shape.js";
import { startOnnxExecutor, startUncachedExecutor, type OnnxExecutor } from "./executor.js";

let cacheDir: string;
let model: ModelFiles;
let cached: OnnxExecutor;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "servesim-executor-"));
  model = await ensureModel("tiny", { cacheDir });
  cached = await startOnnxExecutor({ model, device: "cpu", threads: 2 });
});

afterAll(async () => {
  await cached.close();
  await rm(cacheDir, { recursive: true });
});

const random = seedrandom.alea("executor.test");
const below = (end: number) => Math.floor(random.quick() * end);
const prompt = (tokens: number) => Array.from({ length: tokens }, () => below(tokenizerVocab));

describe.each(["tiny", "tiny+fused", "llama-tiny"])("prefill and Loop of %s give the plain pass's tokens", (name) => {
  let fast: OnnxExecutor;
  let plain: OnnxExecutor;
  beforeAll(async () => {
    const files = await ensureModel(name, { cacheDir });
    fast = await startOnnxExecutor({ model: files, device: "cpu", threads: 2 });
    plain = await startUncachedExecutor({ model: files, device: "cpu", threads: 1 });
  });
  afterAll(() => Promise.all([fast.close(), plain.close()]));

  async function expectSameTokens(promptIds: number[][], outputTokens: number): Promise<void> {
    const [got, expected] = await Promise.all([fast, plain].map((one) => one.runBatch({ promptIds, outputTokens })));
    expect(got!.tokens).toEqual(expected!.tokens);
    expect(got!.tokens.map((row) => row.length)).toEqual(promptIds.map(() => outputTokens));
  }
  test("for one prompt", () => expectSameTokens([prompt(7)], 20));
  test("for a prompt of one token", () => expectSameTokens([prompt(1)], 8));
  test("for one output token, where no Loop runs", () => expectSameTokens([prompt(5), prompt(3)], 1));
  test("for two output tokens, where the Loop runs once", () => expectSameTokens([prompt(5), prompt(3)], 2));
  test("for several prompts of one length", () => expectSameTokens([prompt(9), prompt(9), prompt(9)], 12));
  test("for prompts of unequal lengths, padded on the left", () =>
    expectSameTokens([prompt(1), prompt(30), prompt(4), prompt(17)], 16));
  test("for a prompt that fills the positions of the model", () =>
    expectSameTokens([prompt(model.shape.positions - 4), prompt(2)], 4));
  test("for 60 random batches", async () => {
    for (let trial = 0; trial < 60; trial++) {
      const promptIds = Array.from({ length: 1 + below(8) }, () => prompt(1 + below(24)));
      await expectSameTokens(promptIds, 1 + below(12));
    }
  });
});

test("a row's tokens do not depend on who shares its batch", async () => {
  const row = prompt(6);
  const alone = await cached.runBatch({ promptIds: [row], outputTokens: 20 });
  const together = await cached.runBatch({ promptIds: [prompt(40), row, prompt(1)], outputTokens: 20 });
  expect(together.tokens[1]).toEqual(alone.tokens[0]);
});

test("greedy tokens vary along a row and between rows", async () => {
  const { tokens } = await cached.runBatch({
    promptIds: [prompt(8), prompt(8), prompt(8), prompt(8)],
    outputTokens: 24,
  });
  for (const row of tokens) expect(new Set(row).size).toBeGreaterThan(6);
  expect(new Set(tokens.map(String)).size).toBe(4);
});

test("a run tells its times in order on this thread's clock, its padded length and its memory", async () => {
  const before = Number(process.hrtime.bigint());
  const run = await cached.runBatch({ promptIds: [prompt(3), prompt(11)], outputTokens: 6 });
  const after = Number(process.hrtime.bigint());
  const times = [before, run.startNs, run.firstTokenNs, run.endNs, after];
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(run.promptTokens).toBe(11);
  expect(run.peakRssBytes).toBeGreaterThan(model.weightBytes);
});

test("batches sent together are answered each with its own tokens", async () => {
  const batches = [prompt(4), prompt(12), prompt(2)].map((row) => ({ promptIds: [row], outputTokens: 5 }));
  const together = await Promise.all(batches.map((batch) => cached.runBatch(batch)));
  for (const [index, batch] of batches.entries()) {
    expect(together[index]!.tokens).toEqual((await cached.runBatch(batch)).tokens);
  }
});

test("info names the version, device, threads and model", () => {
  expect(cached.info).toMatchObject({ provider: "cpu", threads: 2, model: { name: "tiny", layers: 2, vocab: 512 } });
  // 2 layers x keys and values x 32 wide x 4 bytes
  expect(cached.info.model).toMatchObject({ precision: "fp32", fused: false, kvBytesPerToken: 512 });
  expect(cached.info.ortVersion).toMatch(/^\d+\.\d+\.\d+/);
  expect(cached.info.loadMs).toBeGreaterThan(0);
});

describe("a batch that cannot run is rejected before it reaches the worker", () => {
  test.each([
    ["an empty batch", [], 4, "batch is empty"],
    ["an empty prompt", [[1], []], 4, "prompt 1 is empty"],
    ["a prompt too long for its output", [Array<number>(120).fill(1)], 20, "has 120 tokens, expected at most 108"],
    ["no output tokens", [[1]], 0, "outputTokens is 0"],
    ["an id that is no token", [[1, 50257]], 4, "token id 50257"],
  ])("%s", async (_, promptIds, outputTokens, message) => {
    const run = cached.runBatch({ promptIds, outputTokens });
    await expect(run).rejects.toThrow(ConfigError);
    await expect(run).rejects.toThrow(message);
  });
});

test("what ONNX Runtime rejects comes back as BackendError with its cause", async () => {
  const start = startOnnxExecutor({ model: { ...model, decodePath: join(cacheDir, "none.onnx") }, device: "cpu" });
  const error: unknown = await start.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(BackendError);
  expect(String(error)).toContain("none.onnx");
  expect((error as BackendError).cause).toBeDefined();
});

test("a failed batch leaves the executor able to run the next one", async () => {
  // The checks trust the shape they are given: one that claims more positions than there are reaches ONNX Runtime.
  const wrong = { ...model, shape: { ...model.shape, positions: 4096 } };
  const executor = await startOnnxExecutor({ model: wrong, device: "cpu", threads: 1 });
  await expect(executor.runBatch({ promptIds: [prompt(400)], outputTokens: 4 })).rejects.toThrow(BackendError);
  const { tokens } = await executor.runBatch({ promptIds: [prompt(4)], outputTokens: 4 });
  expect(tokens[0]).toHaveLength(4);
  await executor.close();
});

test("a closed executor rejects batches, and closing it again does nothing", async () => {
  const executor = await startOnnxExecutor({ model, device: "cpu", threads: 1 });
  await executor.close();
  await executor.close();
  await expect(executor.runBatch({ promptIds: [[1]], outputTokens: 1 })).rejects.toThrow(/has ended/);
});
