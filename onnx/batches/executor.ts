/**
 * Runs static batches on ONNX Runtime in a worker thread, because `session.run` blocks the thread it is called on.
 * This file is the main thread's side: it rejects what cannot run, sends batches one at a time and turns failures into
 * BackendError. Times are process.hrtime in nanoseconds, the same clock in both threads.
 */
import { Worker } from "node:worker_threads";
import { availableParallelism } from "node:os";
import { ConfigError, InvariantError } from "../../formats/index.js";
import { workerFile } from "../../formats/files/index.js";
import type { ModelFiles } from "../models/index.js";
import { requireProvider } from "../providers/index.js";
import type { Precision, ModelShape } from "../spec/index.js";
import { WorkerThread } from "../worker/index.js";
import { checkBatch, type BatchRequest, type BatchRun } from "./batch.js";
import type { WorkerCommand, WorkerOptions } from "./worker-protocol.js";

/** A loaded model, ready to run; close it, or its thread keeps the process alive. */
export interface OnnxExecutor {
  readonly info: ExecutorInfo;
  /** Runs one static batch: left-pads, prefill, then the Loop for outputTokens - 1 steps. Batches sent together queue. */
  runBatch(batch: BatchRequest): Promise<BatchRun>;
  /** Lets running batches end, frees the model and stops the thread. */
  close(): Promise<void>;
}

/** What runs where; `loadMs` is the time from starting the thread to a loaded model. */
export interface ExecutorInfo {
  readonly ortVersion: string;
  readonly provider: "cpu" | "cuda";
  readonly threads: number;
  readonly loadMs: number;
  readonly model: ModelShape & {
    readonly name: string;
    readonly precision: Precision;
    readonly fused: boolean;
    readonly parameters: number;
    readonly weightBytes: number;
    /** What one token of one row adds to the KV cache. */
    readonly kvBytesPerToken: number;
  };
}

/** `threads` defaults to the cores that this process may use. */
export interface ExecutorOptions {
  readonly model: ModelFiles;
  readonly device: "cpu" | "cuda";
  readonly threads?: number;
  /** Loads the graphs that sample (default false); batches without sampling give greedy tokens there too, more slowly. */
  readonly sampling?: boolean;
  /** A batch that takes longer hangs (one hour): BackendError, and the executor has ended. */
  readonly batchLimitMs?: number;
}

/** Loading reads a few GB at most; longer, and the device or the disk hangs. */
const LOAD_LIMIT_MS = 1_800_000;
const BATCH_LIMIT_MS = 3_600_000;

/** Loads the prefill and decode graphs in a worker. Throws BackendError where the device or the model cannot be used. */
export function startOnnxExecutor(options: ExecutorOptions): Promise<OnnxExecutor> {
  return startExecutor(options, "cached");
}

/**
 * The same interface on the plain graph: every row alone, no padding, no cache, the whole sequence again for each token.
 * Slow by design; tests hold the real executor to its tokens. `firstTokenNs` is the first token of the first row.
 */
export async function startUncachedExecutor(options: ExecutorOptions): Promise<OnnxExecutor> {
  if (options.model.exported) {
    throw new ConfigError(`model "${options.model.name}" is an export, it has no plain graph to run without its cache`);
  }
  return startExecutor(options, "uncached");
}

async function startExecutor(options: ExecutorOptions, mode: WorkerOptions["mode"]): Promise<OnnxExecutor> {
  const { model, device, threads = availableParallelism(), sampling: canSample = false } = options;
  const { batchLimitMs = BATCH_LIMIT_MS } = options;
  const { ortVersion } = await requireProvider(device);
  const startNs = process.hrtime.bigint();
  const workerData: WorkerOptions = { model, device, threads, mode, canSample };
  const thread = new WorkerThread<WorkerCommand, BatchRun>(
    new Worker(workerFile("onnx-batches"), { workerData }),
    `model "${model.name}" on ${device}`,
  );
  await thread.load(LOAD_LIMIT_MS);
  const loadMs = Number(process.hrtime.bigint() - startNs) / 1e6;
  const { name, shape, precision, fused, parameters, weightBytes, kvBytesPerToken } = model;
  const info = { ...shape, name, precision, fused, parameters, weightBytes, kvBytesPerToken };
  return {
    info: { ortVersion, provider: device, threads, loadMs, model: info },
    async runBatch(batch) {
      checkBatch(batch, shape, canSample);
      const reply = await thread.send({ kind: "run", batch }, batchLimitMs);
      if (reply === undefined) throw new InvariantError("the ONNX worker answered a batch without a result");
      return reply;
    },
    close: () => thread.close(),
  };
}
