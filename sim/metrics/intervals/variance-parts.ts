/**
 * What the spread of a statistic over replications comes from: the run's pace and the calibration, each known for a
 * replication as a number, and the seed, which is the rest. Random balance (Satterthwaite 1959): every replication
 * draws all causes anew, and main effects are found by regressing on what is known of the causes.
 */
import { InvariantError } from "../../../formats/index.js";
import { mean } from "../statistics/index.js";
import { sampleDeviation } from "./prediction-interval.js";

/**
 * By replication: the normal score of the host's pace; the statistic that mean times give with the calibration's draw.
 */
export interface KnownCauses {
  readonly run?: readonly number[] | undefined;
  readonly calibration?: readonly number[] | undefined;
}

/**
 * Standard deviations in the statistic's unit, whose squares sum to its variance over the replications. Null: unknown,
 * because the cause was not drawn or the replications are too few.
 */
export interface VarianceParts {
  readonly from_seed: number | null;
  readonly from_run: number | null;
  readonly from_calibration: number | null;
}

/** Degrees of freedom that have to be left for the rest. */
const MIN_FREE = 2;

/** `seedVaries` false: times are taken at their means, so that nothing is the seed's. */
export function variancePartsOf(
  values: readonly number[],
  { run, calibration }: KnownCauses,
  seedVaries = true,
): VarianceParts {
  for (const [name, cause] of Object.entries({ run, calibration })) {
    if (cause === undefined || cause.length === values.length) continue;
    throw new InvariantError(
      `${values.length} values with ${cause.length} of the cause ${name}, expected one for each`,
    );
  }
  const known = [run, calibration].map((cause) => (cause === undefined ? undefined : centred(cause)));
  const moving = known.filter((cause) => cause !== undefined && squares(cause) > 0) as number[][];
  const free = values.length - 1 - moving.length;
  if (free < MIN_FREE) return { from_seed: null, from_run: null, from_calibration: null };
  const total = sampleDeviation(values) ** 2;
  const [of, rest] = effects(centred(values), moving, free);
  const shares = known.map((cause) => (cause === undefined ? null : (of.get(cause) ?? 0)));
  const seed = seedVaries ? rest : 0;
  const sum = seed + shares.reduce<number>((all, share) => all + (share ?? 0), 0);
  // The squares of the parts sum to the variance, whatever the estimates of single parts lack or exceed.
  const deviation = (part: number | null): number | null =>
    part === null ? null : Math.sqrt(sum === 0 ? 0 : (total * part) / sum);
  return { from_seed: deviation(seed), from_run: deviation(shares[0]!), from_calibration: deviation(shares[1]!) };
}

/** Variance by each cause, less what chance alone would give it, and that of the rest. */
function effects(
  values: readonly number[],
  causes: readonly number[][],
  free: number,
): readonly [Map<readonly number[], number>, number] {
  const inverse = inverseOf(causes.map((a) => causes.map((b) => dot(a, b))));
  const slopes = inverse.map((row) => row.reduce((sum, weight, i) => sum + weight * dot(causes[i]!, values), 0));
  const left = values.map((value, at) => causes.reduce((rest, cause, i) => rest - slopes[i]! * cause[at]!, value));
  const rest = squares(left) / free;
  const byCause = causes.map((cause, i) => {
    const certain = Math.max(0, slopes[i]! ** 2 - rest * inverse[i]![i]!);
    return [cause, (certain * squares(cause)) / (values.length - 1)] as const;
  });
  return [new Map(byCause), rest];
}

/** Of a symmetric matrix of at most two rows; causes that move alike share what they explain. */
function inverseOf(matrix: readonly number[][]): number[][] {
  if (matrix.length === 0) return [];
  const [[a, b = 0], [, d = 1] = []] = matrix as [[number, number?], [number, number]?];
  if (matrix.length === 1) return [[1 / a]];
  const determinant = Math.max(a * d - b * b, 1e-9 * a * d);
  return [
    [d / determinant, -b / determinant],
    [-b / determinant, a / determinant],
  ];
}

function centred(values: readonly number[]): number[] {
  const middle = mean(values);
  const deviations = values.map((value) => value - middle);
  // Rounding alone is no movement.
  return deviations.every((deviation) => Math.abs(deviation) <= 1e-12 * Math.abs(middle))
    ? deviations.map(() => 0)
    : deviations;
}

function squares(values: readonly number[]): number {
  return dot(values, values);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
