/** Tokens of random schedules beside those of a plain forward pass, which has neither cache nor batch. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import seedrandom from "seedrandom";
import { ortLibrary } from "../c-api/index.js";
import { startOnnxExecutor, startUncachedExecutor } from "../batches/executor.js";
import { drawUniforms, type Sampling } from "../batches/sampling.js";
import { ensureModel, type ModelFiles } from "../models/index.js";
import type { ModelShape } from "../spec/shape.js";
import { ContinuousBatch } from "./continuous-batch.js";
import { randomRequests, runSchedule, type RandomNumbers, type ScheduledRequest } from "./random-schedule.fixture.js";

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

const MAX_MODEL_LEN = 96;
const MAX_NUM_SEQS = 6;
const SCHEDULES = 100;
const REQUESTS = 6;

function numbersOf(seed: string): RandomNumbers {
  const random = seedrandom.alea(seed);
  return { next: () => random.quick(), below: (end) => Math.floor(random.quick() * end) };
}

/** Requests of many schedules, served one schedule after another on one batch. */
function serve(
  options: ConstructorParameters<typeof ContinuousBatch>[0],
  uniformsOf?: (index: number) => Float32Array,
): { readonly requests: ScheduledRequest[]; readonly preempted: number; readonly copies: number } {
  const batch = new ContinuousBatch(options);
  const served: ScheduledRequest[] = [];
  let preempted = 0;
  for (let schedule = 0; schedule < SCHEDULES; schedule++) {
    const random = numbersOf(`schedule ${schedule}`);
    const requests = randomRequests(REQUESTS, random).map((request, at) =>
      uniformsOf === undefined ? request : { ...request, uniforms: uniformsOf(served.length + at) },
    );
    preempted += runSchedule(batch, requests, { seats: MAX_NUM_SEQS - 1, random });
    served.push(...requests);
  }
  const copies = batch.slotCopies;
  batch.release();
  return { requests: served, preempted, copies };
}

const limits = { threads: 1, maxNumSeqs: MAX_NUM_SEQS, maxModelLen: MAX_MODEL_LEN };

test.each([
  ["GPT-2", "tiny"],
  ["a Llama with fewer key heads", llamaTiny as string | ModelShape],
])("%s: joins, leaves, chunks, moves and preemptions leave every token as it is without them", async (_, shape) => {
  const model = await ensureModel(shape, { cacheDir });
  const plain = await startUncachedExecutor({ model, device: "cpu", threads: 1 });
  const { requests, preempted, copies } = serve({ ...limits, model });
  expect(preempted).toBeGreaterThan(SCHEDULES / 2);
  expect(copies).toBeGreaterThan(SCHEDULES);
  const expected: number[][] = [];
  for (const { prompt, outputTokens } of requests) {
    const { tokens } = await plain.runBatch({ promptIds: [[...prompt]], outputTokens });
    expected.push(tokens[0]!);
  }
  await plain.close();
  expect(requests.map(({ output }) => output)).toEqual(expected);
});

test("sampled tokens are those of the static graph with the same seeds", async () => {
  const model = await ensureModel("tiny", { cacheDir });
  const sampling = { temperature: 0.8, topK: 40, topP: 0.9 };
  const seedsOf = (index: number): Sampling => ({ ...sampling, seeds: [`request ${index}`] });
  const { requests } = serve({ ...limits, model, sampling }, (index) => drawUniforms(seedsOf(index), 16));
  const alone = await startOnnxExecutor({ model, device: "cpu", threads: 1, sampling: true });
  const expected: number[][] = [];
  for (const [index, { prompt, outputTokens }] of requests.entries()) {
    const { tokens } = await alone.runBatch({ promptIds: [[...prompt]], outputTokens, sampling: seedsOf(index) });
    expected.push(tokens[0]!);
  }
  await alone.close();
  expect(requests.map(({ output }) => output)).toEqual(expected);
});

// In 16 bits a rare number is rounded to its neighbour where a kernel adds up in another order than the static graph's.
test("in fp16 every token of a schedule is the one that the request gets alone on the same graph", async () => {
  const model = await ensureModel("tiny", { cacheDir, precision: "fp16" });
  const batch = new ContinuousBatch({ ...limits, model });
  const random = numbersOf("fp16");
  const requests = randomRequests(40, random);
  runSchedule(batch, requests, { seats: MAX_NUM_SEQS - 1, random });
  for (const request of requests) {
    const alone = { ...request, output: [], done: 0 };
    runSchedule(batch, [alone], { seats: 1, random });
    expect(request.output).toEqual(alone.output);
  }
  batch.release();
});

test("models that the attention kernel does not take are rejected by name", async () => {
  const open = (model: ModelFiles): ContinuousBatch =>
    new ContinuousBatch({ model, threads: 1, maxNumSeqs: 2, maxModelLen: 64 });
  const narrow = await ensureModel("llama-tiny", { cacheDir });
  expect(() => open(narrow)).toThrow("its heads are 8 wide, expected a multiple of 16");
  const model = await ensureModel("tiny", { cacheDir });
  expect(() => new ContinuousBatch({ model, threads: 1, maxNumSeqs: 2, maxModelLen: 4096 })).toThrow("more than model");
});

test("a step takes no longer in longer slots: keys and values are appended in place, not copied", async () => {
  const shape = { layers: 4, width: 256, heads: 2, vocab: 512, positions: 4096 };
  const model = await ensureModel(shape, { cacheDir });
  const maxNumSeqs = 8;
  const [short, long] = [64, 4096].map((maxModelLen) => {
    const batch = new ContinuousBatch({ model, threads: 1, maxNumSeqs, maxModelLen });
    let fastestMs = Infinity;
    const step = (past: number): void => {
      const startNs = process.hrtime.bigint();
      batch.step(Array.from({ length: maxNumSeqs }, (_, request) => ({ request, ids: [7], past })));
      fastestMs = Math.min(fastestMs, Number(process.hrtime.bigint() - startNs) / 1e6);
    };
    return { batch, step, fastestMs: () => fastestMs };
  });
  // In turn, so that a busy machine slows both.
  for (let past = 0; past < 40; past++) for (const { step } of [short!, long!]) step(past);
  // Copied, 8 slots of 4096 tokens are 256 MiB a step, some 40 times what the step takes.
  const isInPlace = long!.fastestMs() < 5 * short!.fastestMs();
  for (const { batch } of [short!, long!]) batch.release();
  expect({ onnxRuntime: ortLibrary().version, isInPlace }).toMatchObject({ isInPlace: true });
});
