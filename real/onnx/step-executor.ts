/**
 * Runs steps of continuous batching in a worker thread, since a step blocks its thread. This is the main thread's side. Times are
 * process.hrtime in nanoseconds, the same clock in both threads.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import { workerFile } from "../../formats/files/index.js";
import {
  checkSampling,
  requireProvider,
  requireStepModel,
  WorkerThread,
  type ModelFiles,
  type SamplingSettings,
} from "../../onnx/index.js";
import type {
  DrivenEnd,
  DrivenPart,
  DrivenRun,
  SingleStep,
  StepCommand,
  StepRun,
  StepWorkerOptions,
} from "./step-protocol.js";
import { ToldParts } from "./told-parts.js";

export interface StepExecutorOptions {
  readonly model: ModelFiles;
  readonly device: "cpu" | "cuda";
  /** Default: the cores that this process may use. */
  readonly threads?: number;
  /** Most requests at once; each has a slot of `maxModelLen` tokens. */
  readonly maxNumSeqs: number;
  readonly maxModelLen: number;
  readonly sampling?: SamplingSettings | undefined;
}

export interface StepExecutor {
  readonly ortVersion: string;
  readonly device: "cpu" | "cuda";
  readonly threads: number;
  /** From starting the thread to a loaded model. */
  readonly loadMs: number;
  /** Of the KV cache, all slots in use. */
  readonly cacheBytes: number;
  runStep(step: Omit<SingleStep, "kind">): Promise<StepRun>;
  /**
   * Runs a workload to its end, or until the signal aborts; `onPart` is given what has ended, some twenty times a second.
   * BackendError where the thread dies or hangs.
   */
  drive(run: DrivenRun, options: DriveOptions): Promise<DrivenEnd>;
  /** Frees the model and stops the thread. */
  close(): Promise<void>;
}

export interface DriveOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onPart: (part: DrivenPart) => void;
}

/** Loading reads a few GB at most; a step takes seconds at most. Longer, and the disk or the library hangs. */
const LOAD_LIMIT_MS = 1_800_000;
const STEP_LIMIT_MS = 600_000;
/** What a driven run tells is taken so often. */
const TAKE_MS = 50;

/** ConfigError for a model that the kernel does not run; BackendError where the device or the model cannot be used. */
export async function startStepExecutor(options: StepExecutorOptions): Promise<StepExecutor> {
  const { model, device, threads = availableParallelism(), maxNumSeqs, maxModelLen, sampling } = options;
  requireStepModel(model, maxModelLen, device);
  if (sampling !== undefined) checkSampling({ ...sampling, seeds: [] }, 0);
  const cacheBytes = (maxNumSeqs + 1) * maxModelLen * model.kvBytesPerToken;
  const { ortVersion } = await requireProvider(device);
  const workerData: StepWorkerOptions = { model, device, threads, maxNumSeqs, maxModelLen, sampling };
  const what = `steps of model "${model.name}" on ${device}`;
  const startNs = process.hrtime.bigint();
  const worker = new Worker(workerFile("onnx-steps"), { workerData });
  const thread = new WorkerThread<StepCommand, StepRun | DrivenEnd>(worker, what);
  await thread.load(LOAD_LIMIT_MS);
  const loadMs = Number(process.hrtime.bigint() - startNs) / 1e6;
  return {
    ortVersion,
    device,
    threads,
    loadMs,
    cacheBytes,
    async runStep(step) {
      return answered(await thread.send({ kind: "step", ...step }, STEP_LIMIT_MS)) as StepRun;
    },
    async drive(run, { signal, onPart }) {
      const told = new ToldParts(run.workload);
      const take = (): void => {
        const part = told.take();
        if (part === undefined) return;
        thread.isAlive();
        onPart(part);
      };
      const timer = setInterval(take, TAKE_MS);
      const stop = (): void => {
        thread.tell({ kind: "stop" });
      };
      signal?.addEventListener("abort", stop);
      try {
        return answered(await thread.send({ kind: "drive", ...run, ...told.memory }, STEP_LIMIT_MS)) as DrivenEnd;
      } finally {
        clearInterval(timer);
        take();
        signal?.removeEventListener("abort", stop);
      }
    },
    close: () => thread.close(),
  };
}

function answered<Answer>(answer: Answer | undefined): Answer {
  if (answer === undefined) throw new InvariantError("the ONNX worker answered a step without a result");
  return answer;
}
