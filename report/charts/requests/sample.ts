/** Requests whose values are drawn together: one run, or the repeats of one pooled. */
import { greatest, least } from "../../../formats/index.js";
import type { ChartRun } from "./chart-row.js";

/** A column of a run. */
export type Values = (run: ChartRun) => Float64Array;

/** The least and the greatest value of samples, each ascending and not empty. */
export function endsOf(samples: readonly Float64Array[]): readonly [number, number] {
  return [least(samples.map((ascending) => ascending[0]!)), greatest(samples.map((ascending) => ascending.at(-1)!))];
}

/** Can this value be drawn? */
export function isUsable(value: number): boolean {
  return value >= 0 && value < 1e12;
}

export class Sample {
  readonly count: number;
  /** Sorted once for all charts: there may be millions. */
  private readonly sorted = new Map<Values, Float64Array>();

  constructor(readonly runs: readonly ChartRun[]) {
    this.count = runs.reduce((sum, { seq }) => sum + seq.length, 0);
  }

  /** The usable values, ascending; the same array each time. */
  ascending(values: Values): Float64Array {
    const known = this.sorted.get(values);
    if (known !== undefined) return known;
    const columns = this.runs.map(values);
    const usable = new Float64Array(columns.reduce((sum, column) => sum + column.length, 0));
    let count = 0;
    for (const column of columns) {
      for (const value of column) if (isUsable(value)) usable[count++] = value;
    }
    const sorted = usable.subarray(0, count).sort();
    this.sorted.set(values, sorted);
    return sorted;
  }
}
