/**
 * Exact sums of values and their squares, each as often as it counts, of whole numbers below 2^32: with halves of 16 bits a
 * short block's sums stay below 2^53, and only blocks are added as BigInt.
 */
import { ExactSum } from "./exact-sum.js";
import type { Singles } from "./gap-store.js";

const HALF = 0x1_0000;
/** Weights up to here leave room for two values to a block at least. */
const HEAVIEST = 2 ** 20;

export interface Sums {
  readonly sum: bigint;
  readonly squares: bigint;
}

export function singleSums(chunks: readonly Singles[]): Sums {
  let [sum, squares] = [0n, 0n];
  for (const chunk of chunks) {
    const heaviest = heaviestOf(chunk);
    const of =
      heaviest > HEAVIEST ? sumsOneByOne(chunk) : sumsByBlock(chunk, Math.floor(2 ** 21 / Math.max(1, heaviest)));
    sum += of.sum;
    squares += of.squares;
  }
  return { sum, squares };
}

function heaviestOf({ weights, length }: Singles): number {
  let heaviest = 0;
  for (let i = 0; i < length; i++) if (weights[i]! > heaviest) heaviest = weights[i]!;
  return heaviest;
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

function sumsOneByOne({ values, weights, length }: Singles): Sums {
  const sum = new ExactSum();
  const squares = new ExactSum();
  for (let i = 0; i < length; i++) {
    sum.add(values[i]!, weights[i]!);
    squares.add3(values[i]!, weights[i]!, values[i]!);
  }
  return { sum: sum.total(), squares: squares.total() };
}
