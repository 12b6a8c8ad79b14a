/**
 * Selection: puts the value of one rank where sorting would put it, in O(n), so that a summary of a million requests
 * need not sort them. Floyd and Rivest, "Algorithm 489: SELECT", CACM 18 (1975).
 */
import { interpolate } from "./quantile.js";

/** Spans longer than this first narrow the bounds by selecting within a small sample around the rank. */
const SAMPLED_SPAN = 600;

/** R-7 quantiles (0-1, ascending) of at least one value, in any order; reorders `values`. Same numbers as `quantile`. */
export function quantilesInPlace(values: Float64Array, quantiles: readonly number[]): number[] {
  const last = values.length - 1;
  let from = 0; // everything before it is no greater than anything after it
  return quantiles.map((p) => {
    const rank = last * p;
    const below = Math.floor(rank);
    select(values, below, from, last);
    from = below;
    let next = below < last ? Infinity : values[below]!;
    for (let i = below + 1; i <= last; i++) next = Math.min(next, values[i]!);
    return interpolate(values[below]!, next, rank - below);
  });
}

/** Reorders values[left..right] so that values[k] is in its sorted place, none before it greater, none after less. */
function select(values: Float64Array, k: number, left: number, right: number): void {
  while (right > left) {
    if (right - left > SAMPLED_SPAN) {
      const n = right - left + 1;
      const share = (k - left + 1) / n;
      const size = 0.5 * Math.exp((2 * Math.log(n)) / 3);
      const margin = 0.5 * Math.sqrt((Math.log(n) * size * (n - size)) / n) * (share < 0.5 ? -1 : 1);
      const start = Math.max(left, Math.floor(k - share * size + margin));
      select(values, k, start, Math.min(right, Math.floor(k + (1 - share) * size + margin)));
    }
    const pivot = values[k]!;
    let i = left;
    let j = right;
    swap(values, left, k);
    if (values[right]! > pivot) swap(values, left, right);
    while (i < j) {
      swap(values, i++, j--);
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
    }
    if (values[left] === pivot) swap(values, left, j);
    else swap(values, ++j, right);
    if (j <= k) left = j + 1;
    if (k <= j) right = j - 1;
  }
}

function swap(values: Float64Array, i: number, j: number): void {
  const value = values[i]!;
  values[i] = values[j]!;
  values[j] = value;
}
