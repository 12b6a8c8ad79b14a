/** How well a fit predicts a recorded grid, by split: errors of whole batches (median of a cell's repeats) as fractions. */
import {
  blockName,
  fitMemory,
  fitStaticBatch,
  toCells,
  type Measurement,
  type MemoryFit,
  type StaticBatchFit,
} from "../../calibrate/fit/index.js";
import { quantile } from "../../sim/metrics/index.js";
import { heldOutBlocks } from "./held-out.js";

/** What a held-out score must reach. */
export const TARGET = { median: 0.05, p90: 0.12 } as const;
/** The split whose fit becomes the profile, and those that say what is luck. */
export const PROFILE_SEED = "1";
export const SPLIT_SEEDS: readonly string[] = Array.from({ length: 20 }, (_, i) => String(i + 1));

export interface Errors {
  readonly median: number;
  readonly p90: number;
}

/** A fit that has not seen the held-out blocks of a seed. */
export async function fitSplit(
  measurements: readonly Measurement[],
  seed: string,
  options: { readonly plain?: boolean; readonly bootstrapSamples?: number } = {},
): Promise<StaticBatchFit> {
  const heldOut = heldOutBlocks(measurements, seed);
  return fitStaticBatch(measurements, { seed, isHeldOut: (shape) => heldOut.has(blockName(shape)), ...options });
}

/** Memory fitted to the blocks that are not held out; what lies before the first batch was not recorded. */
export async function fitMemorySplit(measurements: readonly Measurement[], seed: string): Promise<MemoryFit> {
  const heldOut = heldOutBlocks(measurements, seed);
  return fitMemory(measurements, undefined, { isHeldOut: (shape) => heldOut.has(blockName(shape)) });
}

/** Held-out errors of every split. */
export async function splitErrors(measurements: readonly Measurement[]): Promise<Errors[]> {
  const errors: Errors[] = [];
  for (const seed of SPLIT_SEEDS) {
    const { held_out } = await fitSplit(measurements, seed, { bootstrapSamples: 0 });
    errors.push({ median: held_out!.batch.median_ape, p90: held_out!.batch.p90_ape });
  }
  return errors;
}

/** Errors of the residuals that count. */
export function errorsOf(
  fit: StaticBatchFit,
  counts: (residual: StaticBatchFit["residuals"][number]) => boolean,
): Errors {
  return errorQuantiles(fit.residuals.filter(counts).map(({ realNs, modelNs }) => Math.abs(modelNs / realNs - 1)));
}

/** How well the first half of a cell's repeats predicts the second: what noise alone leaves to any model. */
export function repeatErrors(measurements: readonly Measurement[]): Errors {
  const errors = toCells(measurements).flatMap(({ repeats }) => {
    const half = Math.floor(repeats.length / 2);
    const walls = [...repeats].sort((a, b) => a.rep - b.rep).map(({ wallNs }) => wallNs);
    return half === 0 ? [] : [Math.abs(middle(walls.slice(0, half)) / middle(walls.slice(half)) - 1)];
  });
  return errorQuantiles(errors);
}

/** Middle and ninth decile of errors. */
function errorQuantiles(errors: readonly number[]): Errors {
  const sorted = Float64Array.from(errors).sort();
  return sorted.length === 0
    ? { median: NaN, p90: NaN }
    : { median: quantile(sorted, 0.5), p90: quantile(sorted, 0.9) };
}

function middle(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}
