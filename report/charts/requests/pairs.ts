/** Requests that were simulated and run for real: joined by scheduler, load and sequence number, by column. */
import { bisectLeft } from "d3";
import type { ChartCell, ChartData } from "./chart-data.js";
import { isUsable, type Sample, type Values } from "./sample.js";

/** Pairs of one scheduler under one load; each side is the mean over its repeats. */
export interface PairedCell {
  /** The real one. */
  readonly cell: ChartCell;
  readonly seq: Float64Array;
  readonly real: Float64Array;
  readonly sim: Float64Array;
}

/** Cells of the same scheduler under the same load, real and simulated. */
export function twins({ cells }: ChartData): { readonly real: ChartCell; readonly sim: ChartCell }[] {
  return cells.flatMap((real) => {
    const sim = cells.find(({ source, scheduler, load }) => source === "sim" && scheduler === real.scheduler && load === real.load); // prettier-ignore
    return real.source !== "real" || sim === undefined ? [] : [{ real, sim }];
  });
}

/** Cells that have pairs, in the order of the data; pairs by sequence number. */
export function pairsOf(data: ChartData, values: Values): PairedCell[] {
  return twins(data).flatMap(({ real, sim }): PairedCell[] => {
    const all = numbersIn(real.pooled);
    const [ofReal, ofSim] = [meansBySeq(real.pooled, all, values), meansBySeq(sim.pooled, all, values)];
    const isPair = (_: number, at: number): boolean => !Number.isNaN(ofReal[at]! + ofSim[at]!);
    const seq = all.filter(isPair);
    if (seq.length === 0) return [];
    return [{ cell: real, seq, real: ofReal.filter(isPair), sim: ofSim.filter(isPair) }];
  });
}

export function countOf(pairs: readonly PairedCell[]): number {
  return pairs.reduce((sum, { seq }) => sum + seq.length, 0);
}

/** The sequence numbers of a sample, ascending, each once. */
function numbersIn({ runs, count }: Sample): Float64Array {
  const all = new Float64Array(count);
  let filled = 0;
  for (const { seq } of runs) {
    all.set(seq, filled);
    filled += seq.length;
  }
  return all.sort().filter((number, at) => at === 0 || number !== all[at - 1]);
}

/** For each of those sequence numbers the mean of its usable values; NaN where there is none. */
function meansBySeq({ runs }: Sample, numbers: Float64Array, values: Values): Float64Array {
  const sums = new Float64Array(numbers.length);
  const counts = new Uint32Array(numbers.length);
  for (const run of runs) {
    const column = values(run);
    let at = -1;
    for (let row = 0; row < column.length; row++) {
      const number = run.seq[row]!;
      // Mostly the next one.
      at = numbers[at + 1] === number ? at + 1 : bisectLeft(numbers, number);
      if (numbers[at] !== number || !isUsable(column[row]!)) continue;
      sums[at] = sums[at]! + column[row]!;
      counts[at] = counts[at]! + 1;
    }
  }
  return sums.map((sum, at) => sum / counts[at]!);
}
