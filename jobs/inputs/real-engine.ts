/** A model loaded on this machine for the real runs of one policy: one that runs whole batches, or one that runs steps. */
import { totalmem } from "node:os";
import { ConfigError, type Run } from "../../formats/index.js";
import { describeMachine } from "../../machine/index.js";
import {
  startOnnxExecutor,
  startStepExecutor,
  type ModelFiles,
  type OnnxExecutor,
  type SamplingSettings,
} from "../../onnx/index.js";
import { benchOnnx, benchSteps, realStepPlan, requireSlotMemory, type RealRunInput } from "../../real/index.js";
import type { BatchPlan, PolicyPlan, StepPlan } from "../../sim/index.js";
import { startMemory, type RealMemory } from "./real-memory.js";

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
  try {
    const memory = await startMemory(executor, totalMib);
    return {
      executor,
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
  if (device !== "cpu") {
    throw new ConfigError(
      `--device ${device}: ${plan.name} runs for real on the CPU, choose --device cpu or simulate it`,
    );
  }
  const policy = realStepPlan(plan).create({
    totalBytes: totalMib === undefined ? totalmem() : totalMib * 2 ** 20,
    baseBytes: process.memoryUsage.rss() + model.weightBytes,
    kvBytesPerToken: model.kvBytesPerToken,
    positions: model.shape.positions,
  });
  const { maxNumSeqs, maxModelLen } = policy.limits;
  requireSlotMemory(model, policy.limits);
  const executor = await startStepExecutor({ model, maxNumSeqs, maxModelLen, sampling });
  const hardware = describeMachine(executor.ortVersion, undefined);
  return {
    measure: (run) => benchSteps({ ...run, executor, model, policyName: plan.name, policy, sampling, hardware }),
    close: () => executor.close(),
  };
}
