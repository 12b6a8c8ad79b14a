/** Fits the GPU's costs to the steps whose GPU time shows: non-negative, relative, and robust to single stalls. */
import { quantileOf } from "../../../sim/index.js";
import { nnls, type LinearSolver } from "../../fit/numerics/index.js";
import { gpuNsOf, gpuParts, type GpuTimes } from "./engine-model.js";
import type { Reading } from "./read-timeline.js";
import type { TimedStep } from "../recording/index.js";

/** Fewer steps than this do not determine a cost. */
const MIN_STEPS = 20;
/** A step this far from its cost is a stall, not the GPU. */
const OUTLIER = 0.25;

export interface GpuFit {
  readonly gpu: GpuTimes;
  /** How many steps showed each part. */
  readonly decodeSteps: number;
  readonly mixedSteps: number;
  readonly computeSteps: number;
}

/** One pass: each step counts in the branch that the costs so far put it in. */
export function fitGpu(readings: readonly Reading[], before: GpuTimes, solver: LinearSolver): GpuFit {
  const shown = readings.filter(({ gpuNs }) => gpuNs > 0);
  const decodes = shown.filter(({ step }) => step.record.prefillTokens === 0);
  const prefills = shown.filter(({ step }) => step.record.prefillTokens > 0);
  let gpu = decodes.length >= MIN_STEPS ? { ...before, ...decodeCosts(decodes, before, solver) } : before;
  const isCompute = (step: TimedStep): boolean => {
    const { memoryNs, computeNs } = gpuParts(step, gpu);
    return computeNs > memoryNs;
  };
  const compute = prefills.filter(({ step }) => isCompute(step));
  const mixed = prefills.filter(({ step }) => !isCompute(step));
  if (compute.length >= MIN_STEPS) gpu = { ...gpu, ...computeCosts(compute, gpu, solver) };
  if (mixed.length >= MIN_STEPS) {
    const rests = mixed.map(({ step, gpuNs }) => {
      const { memoryNs, restNs } = gpuParts(step, { ...gpu, mixed_base_ns: 0 });
      return gpuNs - memoryNs - restNs;
    });
    gpu = { ...gpu, mixed_base_ns: Math.max(gpu.decode_base_ns, quantileOf(rests, 0.5)) };
  } else {
    gpu = { ...gpu, mixed_base_ns: Math.max(gpu.decode_base_ns, before.mixed_base_ns) };
  }
  return { gpu, decodeSteps: decodes.length, mixedSteps: mixed.length, computeSteps: compute.length };
}

function decodeCosts(readings: readonly Reading[], before: GpuTimes, solver: LinearSolver): Partial<GpuTimes> {
  const rows = readings.map(({ step }) => [1, step.paddedTokens, step.record.decodeContextTokens]);
  const times = readings.map(({ gpuNs }) => gpuNs);
  const start = [before.decode_base_ns, before.decode_padded_token_ns, before.context_token_ns];
  const [base, padded, context] = robust(rows, times, start, solver);
  return { decode_base_ns: base!, decode_padded_token_ns: padded!, context_token_ns: context! };
}

function computeCosts(readings: readonly Reading[], gpu: GpuTimes, solver: LinearSolver): Partial<GpuTimes> {
  const rows = readings.map(({ step }) => [1, step.paddedTokens, step.record.prefillAttentionPairs]);
  const times = readings.map(({ step, gpuNs }) => gpuNs - gpu.context_token_ns * step.record.contextTokens);
  const start = [gpu.prefill_base_ns, gpu.prefill_padded_token_ns, gpu.attention_pair_ns];
  const [base, padded, pairs] = robust(rows, times, start, solver);
  return { prefill_base_ns: base!, prefill_padded_token_ns: padded!, attention_pair_ns: pairs! };
}

/**
 * Non-negative least squares of errors relative to the fit before, and without its outliers. Relative to the measured times
 * it would come out low: short ones would count more.
 */
function robust(
  rows: readonly (readonly number[])[],
  times: readonly number[],
  start: readonly number[],
  solver: LinearSolver,
): readonly number[] {
  let costs = start;
  for (let pass = 0; pass < 5; pass++) {
    const kept = rows.map((_, at) => at).filter((at) => times[at]! > 0);
    const inliers = pass === 0 ? kept : kept.filter((at) => Math.abs(dot(rows[at]!, costs) / times[at]! - 1) < OUTLIER);
    const used = inliers.length >= MIN_STEPS ? inliers : kept;
    const scaleOf = (at: number): number => (pass === 0 ? times[at]! : dot(rows[at]!, costs));
    costs = nnls(
      used.map((at) => rows[at]!.map((value) => value / scaleOf(at))),
      used.map((at) => times[at]! / scaleOf(at)),
      solver,
    );
  }
  return costs;
}

function dot(row: readonly number[], costs: readonly number[]): number {
  return row.reduce((sum, value, at) => sum + value * costs[at]!, 0);
}

/** Ratios of shown GPU times of decode steps to their costs, in order of time. */
export function gpuRatios(readings: readonly Reading[], gpu: GpuTimes): number[] {
  return readings
    .filter(({ step, gpuNs, startsIdle }) => gpuNs > 0 && !startsIdle && step.record.prefillTokens === 0)
    .map(({ step, gpuNs }) => gpuNs / gpuNsOf(step, gpu));
}
