/** The two clocks of the engine as the fit works with them: GPU time of a step, launch time by kind. Times in ns. */
import type { VllmEngineCost } from "../../formats/index.js";
import { decodeBaseNs, type GraphKind } from "../../sim/index.js";
import type { Growth } from "./spread.js";
import type { TimedStep } from "./timeline.js";

export const graphKinds = ["full", "piecewise", "none"] as const satisfies readonly GraphKind[];

/** Prices of a step on the GPU; `mixed_base_ns` always given. */
export type GpuTimes = VllmEngineCost["gpu"] & { readonly mixed_base_ns: number };

export interface LaunchTimes extends Growth {
  /** Part of the launch after which the GPU begins. */
  readonly lead: number;
  /** The 90th percentile over the mean. */
  readonly p90Ratio: number;
}

export interface EngineModel {
  readonly gpu: GpuTimes;
  readonly launch: Readonly<Record<GraphKind, LaunchTimes>>;
  /** Sampled tokens to the host. */
  readonly copyNs: number;
}

/** The parts that a step's GPU time is the sum, or the larger, of. */
export function gpuParts(
  { record, paddedTokens }: TimedStep,
  gpu: GpuTimes,
): { readonly memoryNs: number; readonly computeNs: number; readonly restNs: number } {
  const decodes = record.prefillTokens === 0;
  const contextTokens = decodes ? record.decodeContextTokens : record.contextTokens;
  return {
    memoryNs: decodes ? decodeBaseNs(gpu, paddedTokens) : gpu.mixed_base_ns + gpu.decode_padded_token_ns * paddedTokens,
    computeNs: decodes ? 0 : gpu.prefill_base_ns + gpu.prefill_padded_token_ns * paddedTokens,
    restNs: gpu.context_token_ns * contextTokens + gpu.attention_pair_ns * record.prefillAttentionPairs,
  };
}

export function gpuNsOf(step: TimedStep, gpu: GpuTimes): number {
  const { memoryNs, computeNs, restNs } = gpuParts(step, gpu);
  return Math.max(memoryNs, computeNs) + restNs;
}

export function launchMeanNs({ launch }: EngineModel, { kind, record }: TimedStep): number {
  const { baseNs, requestNs } = launch[kind];
  return baseNs + requestNs * record.scheduledRequests;
}
