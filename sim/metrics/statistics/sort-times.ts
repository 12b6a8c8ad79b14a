/**
 * Sorts the times of a run: they are spread over it, so equal buckets hold a few each, which is some four times as
 * fast as comparing. A bucket that got many is sorted by comparing; times that are in order already are left alone.
 */

/** About so many values to a bucket. */
const VALUES_PER_BUCKET = 4;
/** From here on a bucket is sorted by `Float64Array.sort`, below by insertion. */
const CROWDED = 32;

/** The finite values in ascending order: the array itself when it is in order, or else a new one. */
export function ascending(values: Float64Array): Float64Array {
  if (isAscending(values)) return values;
  const { least, greatest } = extremes(values);
  const buckets = Math.ceil(values.length / VALUES_PER_BUCKET);
  const bucketsPerUnit = (buckets - 1) / (greatest - least);
  const ends = new Uint32Array(buckets + 1); // first where each bucket starts, then, as it fills, where it ends
  for (let at = 0; at < values.length; at++) {
    const next = (((values[at]! - least) * bucketsPerUnit) | 0) + 1;
    ends[next] = ends[next]! + 1;
  }
  for (let bucket = 0; bucket < buckets; bucket++) ends[bucket + 1] = ends[bucket + 1]! + ends[bucket]!;
  const sorted = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    const bucket = ((value - least) * bucketsPerUnit) | 0;
    sorted[ends[bucket]!] = value;
    ends[bucket] = ends[bucket]! + 1;
  }
  for (let bucket = 0, from = 0; bucket < buckets; from = ends[bucket++]!) {
    const until = ends[bucket]!;
    if (until - from < CROWDED) insertionSort(sorted, from, until);
    else sorted.subarray(from, until).sort();
  }
  return sorted;
}

export function extremes(values: Float64Array): { readonly least: number; readonly greatest: number } {
  let least = Infinity;
  let greatest = -Infinity;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { least, greatest };
}

function isAscending(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) {
    if (values[i - 1]! > values[i]!) return false;
  }
  return true;
}

function insertionSort(values: Float64Array, from: number, until: number): void {
  for (let i = from + 1; i < until; i++) {
    const value = values[i]!;
    let hole = i;
    for (; hole > from && values[hole - 1]! > value; hole--) values[hole] = values[hole - 1]!;
    values[hole] = value;
  }
}
