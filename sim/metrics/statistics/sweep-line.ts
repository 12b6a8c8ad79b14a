/**
 * How many intervals [start, end) are open at once: the maximum, and the area under the count, exactly, by sweeping
 * over sorted starts and ends. At one instant ends come before starts, so back-to-back requests never overlap.
 */
import type { RequestColumns } from "../request-columns.js";
import { ascending } from "./sort-times.js";

/** Intervals as their starts and their ends (ns), each ascending by itself; as many of one as of the other. */
export interface Intervals {
  readonly startsNs: Float64Array;
  readonly endsNs: Float64Array;
}

export interface Sweep {
  readonly max: number;
  /** Integral of the count over time, in interval x ns: divide by a duration for the mean. */
  readonly areaNs: number;
}

/** From arrival to `endNs` (a column of `columns`) of every finished request that has that end: columns as they are where they do. */
export function intervalsUntil({ rows, ok, arrivalNs }: RequestColumns, endNs: Float64Array): Intervals {
  const count = countWhole(ok, endNs);
  if (count === rows) return { startsNs: ascending(arrivalNs), endsNs: ascending(endNs) };
  const startsNs = new Float64Array(count);
  const endsNs = new Float64Array(count);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (ok[row] === 0 || Number.isNaN(endNs[row]!)) continue;
    startsNs[at] = arrivalNs[row]!;
    endsNs[at++] = endNs[row]!;
  }
  return { startsNs: ascending(startsNs), endsNs: ascending(endsNs) };
}

function countWhole(ok: Uint8Array, endNs: Float64Array): number {
  let count = 0;
  for (let row = 0; row < ok.length; row++) if (ok[row] === 1 && !Number.isNaN(endNs[row]!)) count++;
  return count;
}

/** Sweeps over the intervals; no end lies before its start. */
export function sweepLine({ startsNs, endsNs }: Intervals): Sweep {
  const count = startsNs.length;
  let open = 0;
  let max = 0;
  let areaNs = 0;
  let nowNs = startsNs[0] ?? 0;
  let started = 0;
  for (let ended = 0; ended < count; ended++) {
    const endNs = endsNs[ended]!;
    for (; started < count && startsNs[started]! < endNs; started++) {
      const startNs = startsNs[started]!;
      areaNs += open * (startNs - nowNs);
      nowNs = startNs;
      open += 1;
      if (open > max) max = open;
    }
    areaNs += open * (endNs - nowNs);
    nowNs = endNs;
    open -= 1;
  }
  return { max, areaNs };
}
