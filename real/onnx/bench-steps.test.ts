import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { ConfigError, type RequestRecord, type Run, type Workload } from "../../formats/index.js";
import { ensureModel, startOnnxExecutor, type ModelFiles } from "../../onnx/index.js";
import { planPolicy, recordedTimeline, type StepPlan } from "../../sim/index.js";
import { writeRun } from "../../formats/files/index.js";
import { RunFailed, RunInterrupted } from "../drive.js";
import { readRecording } from "../../test/decisions/recording.js";
import { replayDecisions } from "../../test/decisions/replay.js";
import { benchSteps, type StepBenchInput } from "./bench-steps.js";
import { startStepExecutor, type StepExecutor } from "./step-executor.js";
import { realStepPlan, requireSlotMemory } from "./step-plan.js";

let cacheDir: string;
let model: ModelFiles;
let executor: StepExecutor;

beforeAll(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), "servesim-steps-"));
  model = await ensureModel("tiny", { cacheDir });
  executor = await startStepExecutor({ model, device: "cpu", threads: 1, maxNumSeqs: 4, maxModelLen: 96 });
});

afterAll(async () => {
  await executor.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

const workload: Workload = {
  requests: Array.from({ length: 14 }, (_, index) => ({
    id: String(index),
    promptTokens: 1 + ((index * 7) % 30),
    outputTokens: 1 + ((index * 5) % 24),
    ...(index % 2 === 0 ? { prompt: "abcdefghijklmnopqrstuvwxyz0123".slice(0, 1 + ((index * 7) % 30)) } : {}),
  })),
  maxConcurrency: 6,
  thinkNs: 0,
};
const tokenize = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

function planOf(name: string, settings: object): StepPlan {
  const plan = planPolicy(name, settings, { source: "test" });
  if (plan.work !== "step") throw new Error("steps");
  return realStepPlan(plan);
}

function inputFor(policyName: string, settings: Record<string, unknown>): StepBenchInput {
  const limits = { max_num_seqs: 4, max_model_len: 96, ...settings };
  return {
    ...{ executor, model, workload, tokenize, seed: "1" },
    plan: planOf(policyName, limits),
    machine: { totalBytes: 2 ** 34, baseBytes: 2 ** 28, kvBytesPerToken: model.kvBytesPerToken, positions: 128 },
    describeAnswer: (ids) => ({ answer: ids.join(" ") }),
    load: { kind: "closed_loop" },
    hardware: {},
    date: "2026-01-01T00:00:00.000Z",
  };
}

/** Answers of whole batches of one request each: no cache is shared, nobody joins or leaves. */
async function aloneAnswers(): Promise<(string | undefined)[]> {
  const alone = await startOnnxExecutor({ model, device: "cpu", threads: 1 });
  const answers: (string | undefined)[] = [];
  for (const { prompt, outputTokens } of workload.requests) {
    if (prompt === undefined) answers.push(undefined);
    else {
      const { tokens } = await alone.runBatch({ promptIds: [tokenize(prompt)], outputTokens });
      answers.push(tokens[0]!.join(" "));
    }
  }
  await alone.close();
  return answers;
}

function expectAnswers(requests: readonly RequestRecord[], expected: readonly (string | undefined)[]): void {
  expect(requests.map(({ status }) => status)).toEqual(requests.map(() => "ok"));
  for (const [at, { extra, sentNs, scheduledNs, firstTokenNs, lastTokenNs }] of requests.entries()) {
    if (expected[at] !== undefined) expect(extra!.answer).toBe(expected[at]);
    expect(extra!.answer!.split(" ")).toHaveLength(workload.requests[at]!.outputTokens);
    expect(sentNs!).toBeLessThanOrEqual(scheduledNs!);
    expect(scheduledNs!).toBeLessThan(firstTokenNs!);
    expect(firstTokenNs!).toBeLessThanOrEqual(lastTokenNs!);
  }
}

/** The run's timeline has all its steps, and each request from its arrival to its last token, put back where the run says so. */
function expectTimeline(run: Run): void {
  const { engines, requests } = recordedTimeline(run);
  expect(engines.map(({ work }) => work.length)).toEqual([run.info.work_items]);
  expect(engines[0]!.counts.at(-1)).toMatchObject({ running: 0, waiting: 0, kvBlocks: 0 });
  for (const [at, { phases, endNs, first }] of requests.entries()) {
    const { arrivalNs, scheduledNs, lastTokenNs, preemptions = 0 } = run.requests[at]!;
    expect(phases[0]!.atNs).toBe(arrivalNs);
    expect(endNs).toBe(lastTokenNs);
    expect(phases.some(({ phase }) => phase === "preempted")).toBe(preemptions > 0);
    expect(engines[0]!.work[first!.place]!.endNs).toBeGreaterThan(scheduledNs!);
  }
}

test("vllm and orca run for real, and every answer is the one that its request gets alone", async () => {
  const expected = await aloneAnswers();
  const plenty = await benchSteps(inputFor("vllm", { max_num_batched_tokens: 16, enable_chunked_prefill: true }));
  expectAnswers(plenty.requests, expected);
  expect(plenty.info).toMatchObject({ source: "real", policy: "vllm", preemptions: 0, requests: 14 });
  // Twelve blocks of eight tokens for four requests of up to 53: some have to be computed again.
  const scarce = await benchSteps(inputFor("vllm", { block_size: 8, num_gpu_blocks: 12 }));
  expectAnswers(scarce.requests, expected);
  expect(scarce.info.preemptions as number).toBeGreaterThan(0);
  expectTimeline(scarce);
  expect((scarce.info.kv_blocks as { high_water: number[] }).high_water[0]).toBeLessThanOrEqual(11);
  const orca = await benchSteps(inputFor("orca", {}));
  expectAnswers(orca.requests, expected);
  expectTimeline(orca);
});

test("what a run's rows tell of is what its requests and steps were", async () => {
  const requests = [
    { id: "a;1", promptTokens: 4, outputTokens: 3, class: "chat", priority: 2 },
    { id: "é", promptTokens: 90, outputTokens: 40, class: "chat" },
  ];
  const run = await benchSteps({
    ...inputFor("vllm", { max_num_batched_tokens: 16 }),
    workload: { requests, maxConcurrency: 2, thinkNs: 0 },
  });
  const [ended, rejected] = run.requests;
  expect(ended).toMatchObject({ requestId: "a;1", status: "ok", promptTokens: 4, outputTokens: 3, preemptions: 0 });
  expect(ended!.extra).toMatchObject({ class: "chat", engine_add_step: "0", priority: "2" });
  expect(rejected).toMatchObject({ requestId: "é", status: "refused", extra: { class: "chat" } });
  expect(rejected!.error).toBe("130 tokens of prompt and output exceed max_model_len 96");
  expect(rejected).not.toHaveProperty("scheduledNs");
  expect(run.steps![0]).toMatchObject({ step: 0, prefillChunks: "a%3B1:4:0", preemptedIds: "", slotCopies: 0 });
});

test("slots beyond the machine's memory are rejected with what to change", () => {
  const limits = { maxNumSeqs: 1000, maxModelLen: 1_000_000 };
  expect(() => { requireSlotMemory(model, limits, 2 ** 30); }).toThrow(/477\.3 GiB of KV cache, 1\.0 GiB are free; give a smaller --max-num-seqs/); // prettier-ignore
});

test("what cannot be done for real is rejected by name, and otherwise switched off", () => {
  expect(() => planOf("vllm", { enable_prefix_caching: true })).toThrow(ConfigError);
  expect(() => planOf("vllm", { enable_prefix_caching: true })).toThrow(
    "enable_prefix_caching: not available on ONNX Runtime, a request's keys and values lie in a slot of its own",
  );
  expect(planOf("vllm", { max_num_seqs: 3 }).settings).toEqual({
    max_num_seqs: 3,
    async_scheduling: false,
    enable_prefix_caching: false,
  });
  expect(planOf("orca", {}).settings).toEqual({ max_num_seqs: 32 });
});

test.each([
  ["one step at a time", { max_num_batched_tokens: 16 }],
  ["one step at a time, short of blocks", { block_size: 8, num_gpu_blocks: 12 }],
  ["two steps in flight", { max_num_batched_tokens: 16, async_scheduling: true }],
  ["two steps in flight, short of blocks", { block_size: 8, num_gpu_blocks: 12, async_scheduling: true }],
])("the simulator's scheduler makes every decision of a real run again: %s", async (_, settings) => {
  const expected = await aloneAnswers();
  const run = await benchSteps(inputFor("vllm", settings));
  expectAnswers(run.requests, expected);
  if ("num_gpu_blocks" in settings) expect(run.info.preemptions as number).toBeGreaterThan(0);
  await writeRun(join(cacheDir, "run"), run, { force: true });
  const recording = await readRecording(join(cacheDir, "run"));
  expect(recording.limits.asyncScheduling).toBe("async_scheduling" in settings);
  expect(recording.steps.length).toBeGreaterThan(30);
  expect(replayDecisions(recording)).toEqual({ steps: run.steps!.length, identicalSteps: run.steps!.length });
});

test("a request that can never be served is rejected, and a run that is stopped keeps what has ended", async () => {
  const requests = [{ id: "long", promptTokens: 200, outputTokens: 4 }, ...workload.requests];
  // Who has been answered thinks for an hour, so that the run cannot end before it is stopped.
  const long = { ...workload, requests, thinkNs: 3.6e12 };
  const abort = new AbortController();
  const stopped = await benchSteps({
    ...inputFor("vllm", {}),
    workload: long,
    signal: abort.signal,
    onProgress: (ended) => {
      if (ended === 5) abort.abort();
    },
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(stopped).toBeInstanceOf(RunInterrupted);
  const { run } = stopped as RunInterrupted;
  expect(run!.info.valid).toMatchObject({ ok: false });
  expect(run!.requests.length).toBeGreaterThanOrEqual(5);
  expect(run!.requests.find(({ requestId }) => requestId === "long")).toMatchObject({ status: "refused" });
});

/** An executor and its thread, which it keeps to itself. */
async function startWithWorker(): Promise<{ readonly executor: StepExecutor; readonly worker: Worker }> {
  const own = Object.getOwnPropertyDescriptor(Worker.prototype, "postMessage")!;
  const workers: Worker[] = [];
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker["postMessage"]>) {
    workers.push(this);
    (own.value as Worker["postMessage"]).apply(this, args);
  };
  try {
    const started = await startStepExecutor({ model, device: "cpu", threads: 1, maxNumSeqs: 4, maxModelLen: 96 });
    return { executor: started, worker: workers[0]! };
  } finally {
    Object.defineProperty(Worker.prototype, "postMessage", own);
  }
}

test("a worker that dies in mid-run ends it with one message, and what had ended is kept", async () => {
  const { executor: mortal, worker } = await startWithWorker();
  // Long enough that the run cannot be over when the first of them are told of.
  const requests = Array.from({ length: 420 }, (_, at) => ({ ...workload.requests[at % 14]!, id: String(at) }));
  const failed = await benchSteps({
    ...inputFor("vllm", { async_scheduling: true }),
    workload: { ...workload, requests },
    executor: mortal,
    onProgress: (ended) => {
      if (ended === 3) void worker.terminate();
    },
  }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(RunFailed);
  expect((failed as RunFailed).message).toMatch(
    /^the run failed after \d+ of 420 requests: the ONNX worker of steps of model "tiny" on cpu has ended \(exit code 1\)/,
  );
  const { run } = failed as RunFailed;
  expect(run.requests.length).toBeGreaterThanOrEqual(3);
  expect(run.requests.every(({ status }) => status === "ok")).toBe(true);
  expect(run.info.valid!.reasons[0]).toMatch(/^the run was interrupted: the run failed/);
  await mortal.close();
});

test("a step that fails ends the run with its reason, and what had ended is kept", async () => {
  // Slots shorter than the policy thinks.
  const short = await startStepExecutor({ model, device: "cpu", threads: 1, maxNumSeqs: 4, maxModelLen: 32 });
  const failed = await benchSteps({ ...inputFor("vllm", {}), executor: short }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(RunFailed);
  expect((failed as RunFailed).message).toMatch(
    /^step \d+ failed after \d+ of 14 requests: a request of \d+ tokens in a slot of 32/,
  );
  expect((failed as RunFailed).run.requests.length).toBeGreaterThan(0);
  await short.close();
});

test("clients give up for real: those who wait leave the queue, and who tries again gets the same answer", async () => {
  const input = inputFor("vllm", { max_num_seqs: 1 });
  const requests = Array.from({ length: 12 }, (_, index) => ({
    ...{ id: String(index), promptTokens: 4, outputTokens: 24, prompt: "abcd" },
    ...(index % 2 === 1 ? { ttftPatienceNs: 1 } : {}),
  }));
  const retries = { most: 1, pausesNs: new Float64Array(requests.length).fill(2e6) };
  const { info, requests: records } = await benchSteps({
    ...input,
    workload: { requests, maxConcurrency: 12, thinkNs: 0, retries },
  });
  const patient = records.filter(({ status }) => status === "ok");
  expect(patient.map(({ requestId }) => requestId)).toEqual(["0", "2", "4", "6", "8", "10"]);
  expect(new Set(patient.map(({ extra }) => extra!.answer)).size).toBe(1);
  const given = records.filter(({ status }) => status === "aborted");
  expect(given.map(({ requestId }) => requestId)).toEqual(
    [1, 3, 5, 7, 9, 11].flatMap((id) => [`${id}`, `${id}-retry1`]),
  );
  for (const { extra, lastTokenNs } of given)
    expect([extra!.aborted_ms !== "", lastTokenNs]).toEqual([true, undefined]);
  expect(info.summary).toMatchObject({ aborted: 12, retried: 6, unanswered: 6 });
  expect(info.valid!.reasons.join()).not.toContain("failed");
});
