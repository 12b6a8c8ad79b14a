/** The bench of this machine: executors of one model, its memory, and what is read of it while batches run. */
import { availableMemoryBytes, readGpu, readLoad, GpuMemoryWatch, type Gpu } from "../../../machine/index.js";
import { CopyCount, startOnnxExecutor, tryBatch, type ModelFiles, type OnnxExecutor } from "../../../onnx/index.js";
import { defined } from "../../../formats/index.js";
import type { BatchShape } from "../../fit/index.js";
import { MemoryBound } from "./batch-memory.js";
import { timerOverheadNs, type MeasuringBench } from "./measuring-bench.js";
import type { GridPlan } from "../plan.js";

export interface MachineBench extends MeasuringBench {
  /** Which shapes may need more memory than there is. */
  readonly bound: MemoryBound;
  /** Copies of outputs that the executors made. */
  readonly copies: CopyCount;
  /** The GPU that the model runs on; undefined on the CPU. */
  readonly gpu: Gpu | undefined;
  /** Memory in use once the model is loaded. */
  readonly loadedBytes: number;
  close(): Promise<void>;
}

export interface MachineBenchOptions {
  readonly threads: number;
  /** Memory that batches may take; absent: what is available. */
  readonly memoryLimitBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Starts an executor, and on CUDA a watch over the GPU's memory. BackendError where either does not start. */
export async function openMachineBench(
  model: ModelFiles,
  plan: GridPlan,
  { threads, memoryLimitBytes = Infinity, signal }: MachineBenchOptions,
): Promise<MachineBench> {
  const copies = new CopyCount();
  const startExecutor = async (): Promise<OnnxExecutor> => {
    const sampling = plan.sampling !== undefined;
    return counting(await startOnnxExecutor({ model, device: plan.device, threads, sampling }), copies);
  };
  const executor = await startExecutor();
  try {
    const gpu = plan.device === "cuda" ? await readGpu() : undefined;
    const freeBytes = gpu === undefined ? availableMemoryBytes() : gpu.totalBytes - gpu.usedBytes;
    const availableBytes = Math.min(memoryLimitBytes, freeBytes);
    const bound = new MemoryBound(executor.info.model, availableBytes);
    const watch = gpu === undefined ? undefined : await GpuMemoryWatch.start();
    const limitBytes = gpu === undefined ? availableBytes : undefined;
    return {
      ...{ executor, startExecutor, bound, copies, gpu, availableBytes, readLoad, nowNs },
      loadedBytes: gpu?.usedBytes ?? process.memoryUsage.rss(),
      timerNs: timerOverheadNs(nowNs),
      fitsApart: async (shape: BatchShape) => {
        if (!bound.isRisky(shape)) return true;
        const { batchSize: rows, promptTokens, decodeSteps } = shape;
        const batch = { model, device: plan.device, threads, rows, promptTokens, outputTokens: decodeSteps + 1 };
        return (await tryBatch({ ...batch, ...defined({ limitBytes }) }, { signal })).fits;
      },
      ...defined({ readPeakBytes: watch && gpuPeaks(watch) }),
      close: async () => {
        watch?.stop();
        await executor.close();
      },
    };
  } catch (error) {
    await executor.close();
    throw error;
  }
}

/** What was sampled while a batch ran, and what is in use at its end. */
function gpuPeaks(watch: GpuMemoryWatch): () => Promise<number> {
  return async () => Math.max(watch.takePeakBytes(), (await readGpu()).usedBytes);
}

/** The executor, with its copies counted. */
function counting(executor: OnnxExecutor, copies: CopyCount): OnnxExecutor {
  return {
    ...executor,
    async runBatch(batch) {
      const run = await executor.runBatch(batch);
      copies.add(run);
      return run;
    },
  };
}

/** Monotonic nanoseconds. */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}
