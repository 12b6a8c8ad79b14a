/**
 * Selection: the values that sorting would put at given ranks, in O(n), so that a summary of a million requests need not
 * sort them. They are counted into buckets of equal width; what is in the buckets that hold a rank is looked at by itself.
 */
import { interpolatedAt } from "./quantile.js";
import { extremes } from "./sort-times.js";

const BUCKETS = 2 ** 12; // their counts stay within the first-level cache
/** So few are sorted. */
const FEW = 64;

/** R-7 quantiles (0-1) of at least one value, in any order, none of them NaN. Same numbers as `quantile`. */
export function quantilesOfAny(values: Float64Array, quantiles: readonly number[]): number[] {
  return interpolatedAt(values.length, quantiles, (ranks) => valuesAtRanks(values, ranks));
}

/** Values at `ranks` (ascending, from 0, below their number), in that order. */
function valuesAtRanks(values: Float64Array, ranks: readonly number[]): number[] {
  const { least, greatest } = extremes(values);
  if (least === greatest) return ranks.map(() => least);
  const perUnit = (BUCKETS - 1) / (greatest - least);
  // Infinite ones, or less apart than buckets can be.
  if (values.length <= FEW || perUnit === 0 || perUnit === Infinity) {
    const sorted = values.slice().sort();
    return ranks.map((rank) => sorted[rank]!);
  }
  const targets = targetsOf(countByBucket(values, least, perUnit), ranks);
  fill(targets, values, least, perUnit);
  return targets.flatMap((target) => valuesAtRanks(target.values, target.ranks));
}

/** A bucket that holds ranks; they count from its least value. */
interface Target {
  readonly ranks: number[];
  readonly values: Float64Array;
  filled: number;
}

/** By bucket; holes for others. */
function targetsOf(counts: Uint32Array, ranks: readonly number[]): Target[] {
  const targets = new Array<Target>(BUCKETS);
  let bucket = 0;
  let before = 0;
  for (const rank of ranks) {
    for (; before + counts[bucket]! <= rank; bucket++) before += counts[bucket]!;
    targets[bucket] ??= { ranks: [], values: new Float64Array(counts[bucket]!), filled: 0 };
    targets[bucket]!.ranks.push(rank - before);
  }
  return targets;
}

function countByBucket(values: Float64Array, least: number, perUnit: number): Uint32Array {
  const counts = new Uint32Array(BUCKETS);
  for (let at = 0; at < values.length; at++) {
    const bucket = ((values[at]! - least) * perUnit) | 0;
    counts[bucket] = counts[bucket]! + 1;
  }
  return counts;
}

function fill(targets: readonly (Target | undefined)[], values: Float64Array, least: number, perUnit: number): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    const target = targets[((value - least) * perUnit) | 0];
    if (target !== undefined) target.values[target.filled++] = value;
  }
}
