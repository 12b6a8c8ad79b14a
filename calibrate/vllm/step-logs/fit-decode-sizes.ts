/**
 * How far decode steps of each padded size lie off the line of base and tokens. Each size has a CUDA graph and kernels of its
 * own, and a model with experts reads more of them the larger the step; neither need grow in a line. Kept only where steps
 * that were not looked at are then predicted better, for sure and by enough to matter. A larger step never takes less time.
 */
import type { VllmEngineCost } from "../../../formats/index.js";
import { decodeBaseNs, piecewiseLinear, quantileOf } from "../../../sim/index.js";
import { grouped, monotone } from "../../fit/numerics/index.js";
import type { GpuTimes } from "./engine-model.js";
import type { Reading } from "./read-timeline.js";

export type DecodeFactors = NonNullable<VllmEngineCost["gpu"]["decode_factors"]>;

/** Steps of a size that say something of it, in the median. */
const MIN_STEPS = 20;
/** This far from the line a step stalled. */
const STALLED = 0.5;
/** Left out in turn, by stretches: neighbouring steps resemble each other. */
const FOLDS = 5;
const STRETCH_STEPS = 50;
/** Of the line's error, the part that has to go: a table that takes less away is not worth a reader's time. */
const WORTHWHILE = 0.1;

interface Decode {
  readonly tokens: number;
  /** Without what attention reads, over the line. */
  readonly ratio: number;
  readonly stretch: number;
}

export interface DecodeSizes {
  /** By padded tokens; undefined where the line is kept. */
  readonly factors: DecodeFactors | undefined;
  /** Mean absolute logarithm of time over prediction of steps left out: by the line, and by size. */
  readonly lineError: number;
  readonly sizesError: number;
}

/** `gpu`: the line. Undefined where fewer than two sizes have steps enough, or there are too few stretches to leave some out. */
export function decodeSizesOf(readings: readonly (readonly Reading[])[], gpu: GpuTimes): DecodeSizes | undefined {
  const decodes = decodesOf(readings, gpu);
  const factors = factorsOf(decodes, gpu);
  const stretches = heldOutErrors(decodes, gpu);
  if (factors === undefined || stretches.length < 2 * FOLDS) return undefined;
  const sumOf = (of: (one: HeldOut) => number): number => stretches.reduce((sum, one) => sum + of(one), 0);
  const steps = sumOf((one) => one.steps);
  const [lineError, sizesError] = [sumOf(({ line }) => line) / steps, sumOf(({ sizes }) => sizes) / steps];
  const mean = lineError - sizesError;
  // Standard error of a ratio of sums over stretches.
  const error = Math.sqrt(sumOf(({ line, sizes, steps: n }) => (line - sizes - mean * n) ** 2)) / steps;
  const isWorthwhile = mean - 1.96 * error > WORTHWHILE * lineError;
  return { factors: isWorthwhile ? factors : undefined, lineError, sizesError };
}

/** The same sizes' factors as other readings and another line have them; where a size has too few steps, as they are. */
export function refitFactors(
  factors: DecodeFactors,
  readings: readonly (readonly Reading[])[],
  gpu: GpuTimes,
): DecodeFactors {
  const found = new Map(factorsOf(decodesOf(readings, gpu), gpu));
  return factors.map(([tokens, factor]) => [tokens, found.get(tokens) ?? factor]);
}

/** Absolute logarithms, summed over the steps of a stretch. */
interface HeldOut {
  line: number;
  sizes: number;
  steps: number;
}

function heldOutErrors(decodes: readonly Decode[], gpu: GpuTimes): HeldOut[] {
  const errors = new Map<number, HeldOut>();
  for (let fold = 0; fold < FOLDS; fold++) {
    const factors = factorsOf(
      decodes.filter(({ stretch }) => stretch % FOLDS !== fold),
      gpu,
    );
    for (const { stretch, tokens, ratio } of decodes) {
      if (stretch % FOLDS !== fold) continue;
      const error = errors.get(stretch) ?? { line: 0, sizes: 0, steps: 0 };
      error.line += Math.abs(Math.log(ratio));
      error.sizes += Math.abs(Math.log(ratio / (factors === undefined ? 1 : piecewiseLinear(factors, tokens))));
      error.steps++;
      errors.set(stretch, error);
    }
  }
  return [...errors.values()];
}

/** Decode steps whose GPU time shows, by stretches of their logs. */
function decodesOf(readings: readonly (readonly Reading[])[], gpu: GpuTimes): Decode[] {
  let stretches = 0;
  return readings.flatMap((run) => {
    const first = stretches;
    stretches += Math.ceil(run.length / STRETCH_STEPS);
    return run.flatMap(({ step: { record, paddedTokens: tokens }, gpuNs }, at) => {
      if (!(gpuNs > 0) || record.prefillTokens > 0) return [];
      const ratio = (gpuNs - gpu.context_token_ns * record.decodeContextTokens) / decodeBaseNs(gpu, tokens);
      if (!(Math.abs(ratio - 1) < STALLED)) return [];
      return [{ tokens, ratio, stretch: first + Math.floor(at / STRETCH_STEPS) }];
    });
  });
}

/** Medians of each size, and their times in order; undefined with fewer than two sizes. */
function factorsOf(decodes: readonly Decode[], gpu: GpuTimes): DecodeFactors | undefined {
  const sizes = [...grouped(decodes, ({ tokens }) => tokens)]
    .filter(([, steps]) => steps.length >= MIN_STEPS)
    .sort(([a], [b]) => a - b);
  if (sizes.length < 2) return undefined;
  const middleOf = (steps: readonly Decode[]): number => quantileOf(steps.map(({ ratio }) => ratio), 0.5); // prettier-ignore
  const times = monotone(
    sizes.map(([tokens, steps]) => decodeBaseNs(gpu, tokens) * middleOf(steps)),
    sizes.map(([, steps]) => steps.length),
  );
  return sizes.map(([tokens], at) => [tokens, times[at]! / decodeBaseNs(gpu, tokens)]);
}
