/**
 * Exact sums of values and their squares, each as often as it counts, of whole numbers below 2^32: with halves of 16 bits a
 * short block's sums stay below 2^53, and only blocks are added as BigInt.
 */
import type { Singles } from "./gap-store.js";

const HALF = 0x1_0000;
/** 2^53, up to which sums are exact, over 2^32. */
const ROOM = 2 ** 21;

export interface Sums {
  readonly sum: bigint;
  readonly squares: bigint;
}

export function singleSums(chunks: readonly Singles[]): Sums {
  let [sum, squares] = [0n, 0n];
  for (const chunk of chunks) {
    const of = sumsByBlock(chunk, Math.floor(ROOM / Math.max(1, chunk.heaviest)));
    sum += of.sum;
    squares += of.squares;
  }
  return { sum, squares };
}

/** Blocks of so many values that weight x 2^32 summed over them is exact. */
function sumsByBlock({ values, weights, length }: Singles, size: number): Sums {
  let [sum, squares] = [0n, 0n];
  for (let from = 0; from < length; from += size) {
    const until = Math.min(length, from + size);
    let [total, highs, mixed, lows] = [0, 0, 0, 0];
    for (let i = from; i < until; i++) {
      const value = values[i]!;
      const weight = weights[i]!;
      const high = value >>> 16;
      const low = value & (HALF - 1);
      total += weight * value;
      highs += weight * high * high;
      mixed += weight * high * low;
      lows += weight * low * low;
    }
    sum += BigInt(total);
    squares += (BigInt(highs) << 32n) + (BigInt(mixed) << 17n) + BigInt(lows);
  }
  return { sum, squares };
}
