/**
 * Whether load came faster than it was served, so that the queue, and with it every latency, grew as long as the run
 * went on and says more about the run's length than about the server. Criterion and its margin: docs/metrics.md.
 */
import type { RequestColumns } from "./request-columns.js";
import type { Intervals } from "./statistics/index.js";
import { mean } from "./statistics/index.js";

/** The time between first and last arrival is cut into so many equal slices. */
const SLICES = 10;
/** Slices that must hold an arrival before anything is said. */
const MIN_SLICES = 8;
/** Student's t of the mean rise from slice to slice; at exactly full load about one run in 100 is above it. */
const MIN_T = 4;

export interface Overload {
  readonly overloaded: boolean;
  /**
   * Requests by which the number in the system grew per second over the second half of the arrivals' time (negative:
   * shrank); null where all arrive at once or in a few bursts.
   */
  readonly growthPerS: number | null;
  /** t of the rise of e2el over the run, null as above. */
  readonly riseT: number | null;
}

/** Judges the finished requests of a run; `inSystem` are their intervals from arrival to last token. */
export function judgeOverload(columns: RequestColumns, inSystem: Intervals): Overload {
  const { startsNs } = inSystem;
  const firstNs = startsNs[0] ?? 0;
  const lastNs = startsNs.at(-1) ?? 0;
  const levelsNs = lastNs > firstNs ? meanE2elsNs(columns, firstNs, lastNs) : [];
  if (levelsNs.length < MIN_SLICES) return { overloaded: false, growthPerS: null, riseT: null };
  const middleNs = (firstNs + lastNs) / 2;
  const { atMiddle, atLast, mostBeforeMiddle } = numberInSystem(inSystem, middleNs);
  const riseT = tOfRises(levelsNs);
  return {
    overloaded: atLast > mostBeforeMiddle && riseT > MIN_T,
    growthPerS: ((atLast - atMiddle) / (lastNs - middleNs)) * 1e9,
    riseT,
  };
}

interface NumberInSystem {
  readonly atMiddle: number;
  /** With the last request to arrive. */
  readonly atLast: number;
  /** The most at any time until the middle. */
  readonly mostBeforeMiddle: number;
}

function numberInSystem({ startsNs, endsNs }: Intervals, middleNs: number): NumberInSystem {
  let started = 0;
  let ended = 0;
  let mostBeforeMiddle = 0;
  for (; startsNs[started]! <= middleNs; started++) {
    while (endsNs[ended]! <= startsNs[started]!) ended++;
    mostBeforeMiddle = Math.max(mostBeforeMiddle, started + 1 - ended);
  }
  while (endsNs[ended]! <= middleNs) ended++;
  const atMiddle = started - ended;
  const lastNs = startsNs.at(-1)!;
  while (endsNs[ended]! <= lastNs) ended++;
  return { atMiddle, atLast: startsNs.length - ended, mostBeforeMiddle };
}

/** Mean e2el of the requests that arrive in each slice of the time from first to last arrival; empty slices left out. */
function meanE2elsNs(columns: RequestColumns, firstNs: number, lastNs: number): number[] {
  const { rows, ok, arrivalNs, lastTokenNs } = columns;
  const sums = new Float64Array(SLICES);
  const counts = new Float64Array(SLICES);
  const slicesPerNs = SLICES / (lastNs - firstNs);
  for (let row = 0; row < rows; row++) {
    const e2elNs = lastTokenNs[row]! - arrivalNs[row]!;
    if (ok[row] === 0 || Number.isNaN(e2elNs)) continue;
    const slice = Math.min(Math.floor((arrivalNs[row]! - firstNs) * slicesPerNs), SLICES - 1);
    sums[slice] = sums[slice]! + e2elNs;
    counts[slice] = counts[slice]! + 1;
  }
  return Array.from(sums, (sum, slice) => sum / counts[slice]!).filter((mean) => !Number.isNaN(mean));
}

/** Student's t of the differences between neighbours: their mean over its standard error. */
function tOfRises(levels: readonly number[]): number {
  const rises = levels.slice(1).map((level, i) => level - levels[i]!);
  const rise = mean(rises);
  const scatter = rises.reduce((sum, one) => sum + (one - rise) ** 2, 0);
  if (scatter === 0) return rise === 0 ? 0 : Math.sign(rise) * Infinity;
  return rise / Math.sqrt(scatter / (rises.length - 1) / rises.length);
}
