/** Tokens of random schedules beside those of a plain forward pass, which has neither cache nor batch. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import seedrandom from "seedrandom";
import { OrtSession, ortLibrary } from "../c-api/index.js";
import { startOnnxExecutor, startUncachedExecutor } from "../batches/executor.js";
import { drawUniforms, type Sampling } from "../batches/sampling.js";
import { ensureModel, type ModelFiles } from "../models/index.js";
import type { ModelShape } from "../spec/shape.js";
import { ContinuousBatch } from "./continuous-batch.js";
import { DeviceSlots } from "./device-slots.js";
import { randomRequests, runSchedule, type RandomNumbers, type ScheduledRequest } from "./random-schedule.fixture.js";
import { StepRunner } from "./step-runner.js";

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
  {
    schedules = SCHEDULES,
    ...options
  }: ConstructorParameters<typeof ContinuousBatch>[0] & { readonly schedules?: number },
  uniformsOf?: (index: number) => Float32Array,
): { readonly requests: ScheduledRequest[]; readonly preempted: number; readonly copies: number } {
  const batch = new ContinuousBatch(options);
  const served: ScheduledRequest[] = [];
  let preempted = 0;
  for (let schedule = 0; schedule < schedules; schedule++) {
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

const limits = { device: "cpu" as const, threads: 1, maxNumSeqs: MAX_NUM_SEQS, maxModelLen: MAX_MODEL_LEN };

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

// The KV cache as a GPU has it: memory of ONNX Runtime's allocator, and copies made by a graph. Here the device is the CPU.
test.each(["fp32", "fp16"] as const)(
  "%s: a cache in the device's memory gives the tokens of one in arrays",
  async (precision) => {
    const model = await ensureModel("tiny", { cacheDir, precision });
    const own = { ...limits, schedules: 10, model };
    const cache = new DeviceSlots(model, MAX_NUM_SEQS + 1, MAX_MODEL_LEN, "cpu");
    const onDevice = serve({ ...own, cache });
    expect(onDevice.copies).toBeGreaterThan(10);
    expect(onDevice).toEqual(serve(own));
  },
);

test("memory of a device: cleared at first, copied slot by slot, and read back", async () => {
  const model = await ensureModel("tiny", { cacheDir });
  const cache = new DeviceSlots(model, 3, 4, "cpu");
  const runner = new StepRunner({ model, device: "cpu", threads: 1, slots: 3, maxModelLen: 4, cache });
  const slot = (at: number): number[] => Array.from(cache.sample(at, 4));
  expect(slot(0)).toEqual(slot(0).map(() => 0));
  runner.run([{ firstSlot: 0, rows: [{ ids: [5, 6, 7], past: 0 }] }]);
  cache.copy(0, 2);
  expect(slot(2)).toEqual(slot(0));
  expect(slot(2)).not.toEqual(slot(1));
  runner.release();
});

test("more memory than the device has is told as such", async () => {
  const model = await ensureModel("tiny", { cacheDir });
  expect(() => new DeviceSlots(model, 2 ** 25, 128, "cpu")).toThrow(/ONNX Runtime 1\.29\.\d+: .*(allocat|memory)/i);
});

test("an operator that the runtime computes elsewhere than on the session's device is named", async () => {
  const { stepPaths } = await ensureModel("tiny", { cacheDir });
  const session = new OrtSession(stepPaths[0]!.greedy, { device: "cpu", threads: 1 });
  expect(() => {
    session.requireOnDevice("GroupQueryAttention");
  }).not.toThrow();
  expect(() => {
    session.requireOnDevice("RotaryEmbedding");
  }).toThrow(/computes RotaryEmbedding nowhere, expected CPUExecutionProvider/);
  // As if the session were a GPU's.
  Object.defineProperty(session, "device", { value: "cuda" });
  expect(() => {
    session.requireOnDevice("GroupQueryAttention");
  }).toThrow(/GroupQueryAttention on CPUExecutionProvider, expected CUDAExecutionProvider; use --device cpu/);
  session.release();
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
    new ContinuousBatch({ model, device: "cpu", threads: 1, maxNumSeqs: 2, maxModelLen: 64 });
  const narrow = await ensureModel("llama-tiny", { cacheDir });
  expect(() => open(narrow)).toThrow("its heads are 8 wide, expected a multiple of 16");
  const model = await ensureModel("tiny", { cacheDir });
  expect(() => new ContinuousBatch({ model, device: "cpu", threads: 1, maxNumSeqs: 2, maxModelLen: 4096 })).toThrow(
    "more than model",
  );
  expect(() => new ContinuousBatch({ ...limits, model, device: "cuda" })).toThrow(
    "CUDA's attention kernel takes 16 bits, the model has fp32; give --precision fp16",
  );
});

test("a step takes no longer in longer slots: keys and values are appended in place, not copied", async () => {
  const shape = { layers: 4, width: 256, heads: 2, vocab: 512, positions: 4096 };
  const model = await ensureModel(shape, { cacheDir });
  const maxNumSeqs = 8;
  const [short, long] = [64, 4096].map((maxModelLen) => {
    const batch = new ContinuousBatch({ model, device: "cpu", threads: 1, maxNumSeqs, maxModelLen });
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
