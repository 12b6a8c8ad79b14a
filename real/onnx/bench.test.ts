import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureModel, startOnnxExecutor, type OnnxExecutor } from "../../onnx/index.js";
import { ConfigError, type Workload } from "../../formats/index.js";
import { planPolicy } from "../../sim/index.js";
import { RunInterrupted } from "../drive.js";
import { benchOnnx, type OnnxBenchInput } from "./bench.js";

let cacheDir: string;
let executor: OnnxExecutor;

beforeAll(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), "servesim-bench-"));
  executor = await startOnnxExecutor({ model: await ensureModel("tiny", { cacheDir }), device: "cpu", threads: 1 });
});

afterAll(async () => {
  await executor.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

const workload: Workload = {
  requests: Array.from({ length: 9 }, (_, index) => ({
    id: String(index),
    promptTokens: 1 + (index % 3),
    outputTokens: 4,
    ...(index % 2 === 0 ? { prompt: "abc".slice(0, 1 + (index % 3)) } : {}),
  })),
  maxConcurrency: 4,
  thinkNs: 0,
};

function inputFor(policy: string, settings: Record<string, unknown>): OnnxBenchInput {
  return {
    executor,
    workload,
    plan: planPolicy(policy, settings, { source: "test" }),
    tokenize: (text) => Array.from(text, (letter) => letter.charCodeAt(0)),
    seed: "1",
    totalBytes: 2 ** 34,
    baseBytes: 2 ** 28,
    load: { kind: "closed_loop" },
    hardware: {},
    date: "2026-01-01T00:00:00.000Z",
  };
}

test("a tiny model serves a closed loop for real: every request answered, its first token before its answer", async () => {
  const { info, requests, batches } = await benchOnnx(inputFor("naive", { batch_size: 2, timeout_s: 0.01 }));
  expect(info).toMatchObject({ source: "real", policy: "naive", requests: 9, engine: { name: "onnxruntime-cpu" } });
  const someNumber = expect.any(Number) as number;
  expect(info).toMatchObject({ other_cores: someNumber, event_loop_delay_ms: { p99: someNumber } });
  expect(info.engine.settings).toMatchObject({ load_ms: someNumber, warm_up_batches: 3 });
  expect((info.engine.settings.warm_up_ms as number[]).every((ms) => ms > 0)).toBe(true);
  expect(requests.map(({ status }) => status)).toEqual(Array(9).fill("ok"));
  for (const { sentNs, scheduledNs, firstTokenNs, lastTokenNs } of requests) {
    expect(scheduledNs!).toBeGreaterThanOrEqual(sentNs!);
    expect(firstTokenNs!).toBeGreaterThan(scheduledNs!);
    expect(lastTokenNs!).toBeGreaterThan(firstTokenNs!);
  }
  expect(batches.every(({ size, peakBytes }) => size <= 2 && peakBytes! > 2 ** 20)).toBe(true);
});

test("observed memory drives dynamic's batch size: above the threshold it shrinks to the minimum", async () => {
  const settings = { batch_size: 4, min_batch_size: 2, max_batch_size: 8, timeout_s: 0.01, memory_threshold: 0.5 };
  const { batches } = await benchOnnx({ ...inputFor("dynamic", settings), totalBytes: 2 ** 20 });
  expect(batches.map(({ limit }) => limit).slice(0, 3)).toEqual([4, 3, 2]);
});

test("a policy that runs step by step is rejected by name", async () => {
  await expect(benchOnnx(inputFor("vllm", {}))).rejects.toThrow(ConfigError);
  await expect(benchOnnx(inputFor("vllm", {}))).rejects.toThrow(/"vllm" runs step by step/);
});

test("an interrupted run hands over the requests that had finished, marked invalid", async () => {
  const abort = new AbortController();
  const stopped = await benchOnnx({
    ...inputFor("naive", { batch_size: 2, timeout_s: 0.01 }),
    signal: abort.signal,
    onProgress: (ended) => {
      if (ended === 4) abort.abort();
    },
  }).catch((error: unknown) => error as RunInterrupted);
  if (!(stopped instanceof RunInterrupted)) throw new Error("the run was not interrupted");
  expect(stopped.run!.requests.map(({ status }) => status)).toEqual(Array(4).fill("ok"));
  expect(stopped.run!.info.requests).toBe(4);
  expect(stopped.run!.info.valid!.reasons[0]).toBe("the run was interrupted: stopped after 4 of 9 requests");
});
