/** A model loaded on this machine for the real runs of one policy: one that runs whole batches, or one that runs steps. */
import { totalmem } from "node:os";
import { defined, type Run } from "../../formats/index.js";
import { availableMemoryBytes, describeMachine, GpuMemoryWatch, readGpu, type Gpu } from "../../machine/index.js";
import { startOnnxExecutor, type ModelFiles, type OnnxExecutor, type SamplingSettings } from "../../onnx/index.js";
import {
  benchOnnx,
  benchSteps,
  realStepPlan,
  requireSlotMemory,
  startStepExecutor,
  type RealRunInput,
  type StepExecutor,
} from "../../real/index.js";
import type { BatchPlan, EngineLimits, PolicyPlan, StepPlan } from "../../sim/index.js";

export interface RealEngine {
  measure(run: Omit<RealRunInput, "hardware" | "sampling">): Promise<Run>;
  close(): Promise<void>;
}

export interface RealEngineOptions {
  readonly model: ModelFiles;
  readonly device: "cpu" | "cuda";
  readonly sampling?: SamplingSettings | undefined;
  /** Memory that thresholds and KV blocks are a part of; absent: all there is. */
  readonly totalMib?: number | undefined;
}

/** ConfigError for settings or a model that cannot be run here; BackendError where the device or the model cannot be loaded. */
export function startRealEngine(plan: PolicyPlan, options: RealEngineOptions): Promise<RealEngine> {
  return plan.work === "batch" ? batchEngine(plan, options) : stepEngine(plan, options);
}

async function batchEngine(plan: BatchPlan, options: RealEngineOptions): Promise<RealEngine> {
  const { executor, memory, close } = await startBatches(options);
  const { sampling } = options;
  const hardware = describeMachine(executor.info.ortVersion, memory.gpu);
  return { measure: (run) => benchOnnx({ ...run, ...memory, executor, plan, sampling, hardware }), close };
}

export interface RealBatches {
  readonly executor: OnnxExecutor;
  readonly memory: RealMemory;
  readonly close: () => Promise<void>;
}

/** The executor of whole batches, and the memory that their policies look at. */
export async function startBatches({ model, device, sampling, totalMib }: RealEngineOptions): Promise<RealBatches> {
  const executor = await startOnnxExecutor({ model, device, sampling: sampling !== undefined });
  return { executor, ...(await withMemory(executor, device, totalMib)) };
}

/** Watches the device's memory as long as the executor is there; the executor is closed where that fails. */
async function withMemory(
  executor: OnnxExecutor | StepExecutor,
  device: "cpu" | "cuda",
  totalMib: number | undefined,
): Promise<Pick<RealBatches, "memory" | "close">> {
  try {
    const memory = await startMemory(device, totalMib);
    return {
      memory,
      async close() {
        memory.stop();
        await executor.close();
      },
    };
  } catch (error) {
    await executor.close();
    throw error;
  }
}

async function stepEngine(plan: StepPlan, options: RealEngineOptions): Promise<RealEngine> {
  const { model, device, sampling, totalMib } = options;
  const { totalBytes, usedBytes } = await memoryBefore(device);
  const machine = {
    totalBytes: totalMib === undefined ? totalBytes : totalMib * 2 ** 20,
    baseBytes: usedBytes + model.weightBytes,
    kvBytesPerToken: model.kvBytesPerToken,
    positions: model.shape.positions,
  };
  const realPlan = realStepPlan(plan);
  const { limits } = realPlan.create(machine);
  const { executor, gpu, takePeakBytes, close } = await startSteps({ ...options, limits });
  const hardware = describeMachine(executor.ortVersion, gpu);
  const common = { executor, model, plan: realPlan, machine, sampling, hardware, ...defined({ takePeakBytes }) };
  return { measure: (run) => benchSteps({ ...run, ...common }), close };
}

export interface RealSteps {
  readonly executor: StepExecutor;
  readonly gpu?: Gpu;
  /** Peak of the GPU's memory since it was last asked. */
  readonly takePeakBytes?: () => number;
  readonly close: () => Promise<void>;
}

export interface RealStepsOptions extends Omit<RealEngineOptions, "totalMib"> {
  readonly limits: Pick<EngineLimits, "maxNumSeqs" | "maxModelLen">;
}

/** The executor of steps. ConfigError where its slots do not fit into the device's memory. */
export async function startSteps({ model, device, sampling, limits }: RealStepsOptions): Promise<RealSteps> {
  const { maxNumSeqs, maxModelLen } = limits;
  const { freeBytes } = await memoryBefore(device);
  requireSlotMemory(model, limits, freeBytes - (device === "cpu" ? 0 : model.weightBytes));
  const executor = await startStepExecutor({ model, device, maxNumSeqs, maxModelLen, sampling });
  if (device === "cpu") return { executor, close: () => executor.close() };
  const { memory, close } = await withMemory(executor, device, undefined);
  return { executor, ...defined({ gpu: memory.gpu, takePeakBytes: memory.takePeakBytes }), close };
}

/** Of the device, before the model is loaded. */
async function memoryBefore(device: "cpu" | "cuda") {
  if (device === "cpu") {
    return { totalBytes: totalmem(), usedBytes: process.memoryUsage.rss(), freeBytes: availableMemoryBytes() };
  }
  const { totalBytes, usedBytes } = await readGpu();
  return { totalBytes, usedBytes, freeBytes: totalBytes - usedBytes };
}

/** The memory that a real run's policy looks at: the process's own, or the GPU's as nvidia-smi sees it. Bytes. */
interface RealMemory {
  readonly totalBytes: number;
  /** In use when it was started. */
  readonly baseBytes: number;
  /** Only on a GPU; on the CPU the executor reports the peak of each batch. */
  readonly takePeakBytes?: () => number;
  readonly gpu?: Gpu;
  stop(): void;
}

/** `totalMib` absent: all there is. BackendError where a GPU's memory cannot be read. */
async function startMemory(device: "cpu" | "cuda", totalMib: number | undefined): Promise<RealMemory> {
  const given = totalMib === undefined ? undefined : totalMib * 2 ** 20;
  if (device === "cpu") {
    return { totalBytes: given ?? totalmem(), baseBytes: process.memoryUsage.rss(), stop: () => undefined };
  }
  const gpu = await readGpu();
  const watch = await GpuMemoryWatch.start();
  return {
    totalBytes: given ?? gpu.totalBytes,
    baseBytes: gpu.usedBytes,
    gpu,
    takePeakBytes: () => watch.takePeakBytes(),
    stop: () => {
      watch.stop();
    },
  };
}
