/**
 * Mean and quantiles of a resampled sample without sorting it again: the values are ranked once, a resample says how
 * often each value was drawn, and one walk over the ranks finds every quantile. O(n) per resample.
 */
import { interpolate } from "../statistics/index.js";

/** Values in ascending order, and for each the index it had. */
export interface RankedSample {
  readonly sorted: Float64Array;
  readonly indexes: Uint32Array;
}

/** Ranks the values; equal values keep their order. */
export function rank(values: Float64Array): RankedSample {
  const indexes = Uint32Array.from(values, (_, index) => index).sort((a, b) => values[a]! - values[b]!);
  return { sorted: Float64Array.from(indexes, (index) => values[index]!), indexes };
}

/**
 * [mean, quantile of each p] of the sample in which value i occurs draws[i] times (at least one draw in all).
 * `quantiles` are 0-1, ascending, R-7: with every count 1 the same numbers as `quantile`.
 */
export function resampled(sample: RankedSample, draws: Uint32Array, quantiles: readonly number[]): number[] {
  const { sorted, indexes } = sample;
  let count = 0;
  let sum = 0;
  for (let rank = 0; rank < sorted.length; rank++) {
    const times = draws[indexes[rank]!]!;
    count += times;
    sum += times * sorted[rank]!;
  }
  const result = [sum / count];
  let at = -1;
  let seen = 0; // draws at ranks 0..at
  for (const p of quantiles) {
    const target = (count - 1) * p;
    const below = Math.floor(target);
    while (seen <= below) seen += draws[indexes[++at]!]!;
    let next = at;
    if (seen <= below + 1 && below + 1 < count) {
      do next++;
      while (draws[indexes[next]!] === 0);
    }
    result.push(interpolate(sorted[at]!, sorted[next]!, target - below));
  }
  return result;
}
