/** Tokens of random schedules beside those of a plain forward pass, which has neither cache nor batch. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import seedrandom from "seedrandom";
import { startUncachedExecutor, type OnnxExecutor } from "../batches/executor.js";
import { ensureModel, type ModelFiles } from "../models/index.js";
import type { ModelShape } from "../spec/shape.js";
import { ContinuousBatch, type RequestStep } from "./continuous-batch.js";

let cacheDir: string;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "servesim-steps-"));
});
afterAll(() => rm(cacheDir, { recursive: true }));

/** Heads of 16, as the kernel's rotary positions want them. */
const llamaTiny: ModelShape = {
  ...{ layers: 2, width: 64, heads: 4, vocab: 512, positions: 128 },
  llama: { kvHeads: 2, intermediate: 88, ropeTheta: 10_000, epsilon: 1e-5 },
};

interface Request {
  readonly prompt: readonly number[];
  readonly outputTokens: number;
  readonly output: number[];
  /** Tokens that its slot holds. */
  done: number;
}

const MAX_MODEL_LEN = 96;
const MAX_NUM_SEQS = 6;

describe.each([
  ["tiny", "tiny"],
  ["a Llama with fewer key heads", llamaTiny as string | ModelShape],
])("%s", (_, shape) => {
  let model: ModelFiles;
  let plain: OnnxExecutor;
  beforeAll(async () => {
    model = await ensureModel(shape, { cacheDir });
    plain = await startUncachedExecutor({ model, device: "cpu", threads: 1 });
  });
  afterAll(() => plain.close());

  test("joins, leaves, chunks, moves and preemptions leave every token as it is without them", async () => {
    const random = seedrandom.alea("continuous-batch");
    const below = (end: number): number => Math.floor(random.quick() * end);
    const batch = new ContinuousBatch({ model, threads: 1, maxNumSeqs: MAX_NUM_SEQS, maxModelLen: MAX_MODEL_LEN });
    const requests: Request[] = Array.from({ length: 60 }, () => {
      const prompt = Array.from({ length: 1 + below(below(4) === 0 ? 60 : 12) }, () => below(512));
      return { prompt, outputTokens: 1 + below(16), output: [], done: 0 };
    });
    const waiting = requests.map((_, index) => index);
    const running: number[] = [];
    let preempted = 0;
    while (waiting.length > 0 || running.length > 0) {
      while (running.length < MAX_NUM_SEQS && waiting.length > 0 && random.quick() < 0.5)
        running.push(waiting.shift()!);
      if (running.length > 1 && random.quick() < 0.05) {
        // Recomputed from the start, with the tokens it has as a part of its prompt.
        const victim = running.pop()!;
        requests[victim]!.done = 0;
        batch.end(victim);
        waiting.unshift(victim);
        preempted++;
      }
      const step = running
        .filter(() => random.quick() < 0.9)
        .map((index) => nextStep(index, requests[index]!, 1 + below(24)));
      if (step.length === 0) continue;
      const tokens = batch.step(step);
      for (const { request: index, ids } of step) {
        const request = requests[index]!;
        request.done += ids.length;
        const token = tokens.get(index);
        if (token !== undefined) request.output.push(token);
        if (request.output.length < request.outputTokens) continue;
        batch.end(index);
        running.splice(running.indexOf(index), 1);
      }
    }
    expect(preempted).toBeGreaterThan(3);
    expect(batch.slotCopies).toBeGreaterThan(20);
    batch.release();
    for (const { prompt, outputTokens, output } of requests) {
      const { tokens } = await plain.runBatch({ promptIds: [[...prompt]], outputTokens });
      expect(output).toEqual(tokens[0]);
    }
  });
});

/** All that is left of prompt and output so far, or a chunk of it. */
function nextStep(index: number, { prompt, output, done }: Request, most: number): RequestStep {
  const known = [...prompt, ...output];
  const ids = known.slice(done, done + most);
  const isLast = done + ids.length === known.length;
  return { request: index, ids, past: done, ...(isLast ? { next: { uniform: 0 } } : {}) };
}

test("a sampled token is the one that the same uniform number chooses in the static graph", async () => {
  const model = await ensureModel("tiny", { cacheDir });
  const sampling = { temperature: 0.8, topK: 40, topP: 0.9 };
  const batch = new ContinuousBatch({ model, threads: 1, maxNumSeqs: 2, maxModelLen: 64, sampling });
  const prompt = [5, 7, 11, 13];
  const { startOnnxExecutor } = await import("../batches/executor.js");
  const { drawUniforms } = await import("../batches/sampling.js");
  const executor = await startOnnxExecutor({ model, device: "cpu", threads: 1, sampling: true });
  const { tokens } = await executor.runBatch({ promptIds: [prompt], outputTokens: 12, sampling: { ...sampling, seeds: ["a"] } }); // prettier-ignore
  await executor.close();
  const uniforms = drawUniforms({ ...sampling, seeds: ["a"] }, 12);
  const output: number[] = [];
  let ids = prompt;
  for (let past = 0; output.length < 12; past += ids.length, ids = output.slice(-1)) {
    const uniform = uniforms[output.length]!;
    output.push(batch.step([{ request: 0, ids, past, next: { uniform } }]).get(0)!);
  }
  batch.release();
  expect(output).toEqual(tokens[0]);
});

test("models that the attention kernel does not take are rejected by name", async () => {
  const open = (model: ModelFiles): ContinuousBatch =>
    new ContinuousBatch({ model, threads: 1, maxNumSeqs: 2, maxModelLen: 64 });
  const narrow = await ensureModel("llama-tiny", { cacheDir });
  expect(() => open(narrow)).toThrow("its heads are 8 wide, expected a multiple of 16");
  const half = await ensureModel("tiny", { cacheDir, precision: "fp16" });
  expect(() => open(half)).toThrow("takes fp32, this model is fp16");
  const model = await ensureModel("tiny", { cacheDir });
  expect(() => new ContinuousBatch({ model, threads: 1, maxNumSeqs: 2, maxModelLen: 4096 })).toThrow("more than model");
});

test("a step takes no longer in longer slots: keys and values are appended in place, not copied", async () => {
  const shape = { layers: 4, width: 256, heads: 2, vocab: 512, positions: 4096 };
  const model = await ensureModel(shape, { cacheDir });
  const maxNumSeqs = 8;
  const fastestMs = (maxModelLen: number): number => {
    const batch = new ContinuousBatch({ model, threads: 1, maxNumSeqs, maxModelLen });
    const timesMs = Array.from({ length: 12 }, (_, past) => {
      const startNs = process.hrtime.bigint();
      batch.step(Array.from({ length: maxNumSeqs }, (__, request) => ({ request, ids: [7], past })));
      return Number(process.hrtime.bigint() - startNs) / 1e6;
    });
    batch.release();
    return Math.min(...timesMs.slice(2));
  };
  // Copied, 8 slots of 4096 tokens are 256 MiB a step, some 40 times what the step takes; the margin is for a busy machine.
  expect(fastestMs(4096)).toBeLessThan(5 * fastestMs(64));
});
