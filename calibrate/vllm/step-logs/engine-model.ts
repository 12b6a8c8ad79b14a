/** The two clocks of the engine as the fit works with them: GPU time of a step, launch time by kind. Times in ns. */
import type { VllmEngineCost } from "../../../formats/index.js";
import { decodeBaseNs, prefillComputeNs, prefillMemoryNs, softLaterNs, type GraphKind } from "../../../sim/index.js";
import type { Growth } from "../../fit/numerics/index.js";
import type { TimedStep, Timeline } from "../recording/index.js";

/** A step log to fit to. */
export interface EngineLog {
  readonly timeline: Timeline;
  readonly isProbes: boolean;
  readonly isAsync: boolean;
  /** What its repeats have in common: recordings of one load at one server. */
  readonly load?: string | undefined;
}

export const graphKinds = ["full", "piecewise", "none"] as const satisfies readonly GraphKind[];

export function forEachGraph<T>(make: (kind: GraphKind) => T): Record<GraphKind, T> {
  return { full: make("full"), piecewise: make("piecewise"), none: make("none") };
}

/** Costs of a step on the GPU; `mixed_base_ns` is always given. */
export type GpuTimes = VllmEngineCost["gpu"] & { readonly mixed_base_ns: number };

export interface LaunchTimes extends Growth {
  /** Part of the launch after which the GPU begins. */
  readonly lead: number;
  /** How launch and GPU of a step that prefills hold each other up on an idle GPU; Infinity: not at all. */
  readonly overlapPower: number;
  /** The 90th percentile over the mean. */
  readonly p90Ratio: number;
}

/** Launches of steps that prefill are shorter soon after one without graphs. */
export interface Recency {
  readonly share: number;
  readonly memoryNs: number;
}

export interface EngineModel {
  readonly gpu: GpuTimes;
  /** At pace 1. */
  readonly launch: Readonly<Record<GraphKind, LaunchTimes>>;
  readonly recency?: Recency | undefined;
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
    memoryNs: decodes ? decodeBaseNs(gpu, paddedTokens) : prefillMemoryNs(gpu, paddedTokens),
    computeNs: decodes ? 0 : prefillComputeNs(gpu, paddedTokens),
    restNs: gpu.context_token_ns * contextTokens + gpu.attention_pair_ns * record.prefillAttentionPairs,
  };
}

export function gpuNsOf(step: TimedStep, gpu: GpuTimes): number {
  const { memoryNs, computeNs, restNs } = gpuParts(step, gpu);
  return Math.max(memoryNs, computeNs) + restNs;
}

export function launchMeanNs(model: EngineModel, step: TimedStep): number {
  const { baseNs, requestNs } = model.launch[step.kind];
  return (baseNs + requestNs * step.record.scheduledRequests) * launchScale(model, step);
}

/** What a launch takes over the mean of its kind: the pace of the host then, and how recent the last without graphs was. */
export function launchScale({ recency }: EngineModel, { pace, record, sinceEagerNs }: TimedStep): number {
  if (recency === undefined || record.prefillTokens === 0) return pace;
  return pace * (1 - recency.share * Math.exp(-sinceEagerNs / recency.memoryNs));
}

/** From the end of its scheduling to the end of a step on a GPU that had nothing to do before. */
export function idleSpanNs({ launch }: EngineModel, step: TimedStep, launchNs: number, gpuNs: number): number {
  const { lead, overlapPower } = launch[step.kind];
  const afterNs = lead * launchNs + gpuNs;
  const isSoft = overlapPower < Infinity && step.record.prefillTokens > 0;
  return isSoft ? softLaterNs(launchNs, afterNs, overlapPower) : Math.max(launchNs, afterNs);
}

/** GPU time of a step that spanned so long on an idle GPU; NaN where the launch hides it. */
export function gpuNsOfSpan({ launch }: EngineModel, step: TimedStep, launchNs: number, spanNs: number): number {
  const { lead, overlapPower } = launch[step.kind];
  if (overlapPower === Infinity || step.record.prefillTokens === 0) return spanNs - lead * launchNs;
  if (spanNs <= launchNs) return NaN;
  const restNs = spanNs * (1 - (launchNs / spanNs) ** overlapPower) ** (1 / overlapPower);
  return restNs - lead * launchNs;
}
