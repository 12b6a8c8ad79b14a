/**
 * The pace of a host over a recorded run, read from its step log: how long each schedule() and update() took, over what
 * such a call takes on average. Both are uncensored and stand on every step. One call varies by itself, so a call's pace is
 * the median of five, smoothed over some 20 ms.
 */
import type { VllmEngineCost } from "../../../formats/index.js";
import { requestsNs } from "../../../sim/index.js";
import type { HostCall, Timeline } from "./timeline.js";

/** Mean times of the two calls. */
export type CallCosts = Pick<VllmEngineCost["host"], "schedule" | "update">;

export interface PacePath {
  /** When the pace showed, ascending, ns, and the pace there. */
  readonly timesNs: Float64Array;
  readonly paces: Float64Array;
  /** For how long each counts: to the next, but at most SPELL_NS. */
  readonly weightsNs: Float64Array;
}

const MEDIAN_OF = 5;
/** Of the kernel, exp(-time / it), beyond which times carry no weight and are left out. */
const KERNEL_NS = 10e6;
const FAR_NS = 4 * KERNEL_NS;
/** The pace of an idle host is not known: the last reading counts no longer than this. */
const SPELL_NS = 30e6;
const CELL_NS = 5e6;

/** What a call takes at pace 1. */
export function callNs(costs: CallCosts, { isUpdate, requests, prefillRequests }: HostCall): number {
  if (isUpdate) return requestsNs(costs.update, requests);
  return requestsNs(costs.schedule, requests) + (costs.schedule.prefill_request_ns ?? 0) * prefillRequests;
}

export function pacePath({ calls }: Timeline, costs: CallCosts): PacePath {
  const logs = Float64Array.from(calls, (call) => Math.log(Math.max(1, call.ns) / callNs(costs, call)));
  const middle = medians(logs);
  const timesNs = Float64Array.from(calls, ({ atNs }) => atNs);
  const paces = new Float64Array(calls.length);
  for (let at = 0; at < calls.length; at++) {
    let [sum, weights] = [middle[at]!, 1];
    const add = (other: number): boolean => {
      const gapNs = Math.abs(timesNs[other]! - timesNs[at]!);
      if (gapNs > FAR_NS) return false;
      const weight = Math.exp(-gapNs / KERNEL_NS);
      sum += weight * middle[other]!;
      weights += weight;
      return true;
    };
    for (let other = at - 1; other >= 0 && add(other); other--);
    for (let other = at + 1; other < calls.length && add(other); other++);
    paces[at] = Math.exp(sum / weights);
  }
  const weightsNs = timesNs.map((atNs, at) => Math.min(SPELL_NS, (timesNs[at + 1] ?? atNs) - atNs));
  return { timesNs, paces, weightsNs };
}

/** The pace at a time: that of the calls around it. */
export function paceAt({ timesNs, paces }: PacePath, atNs: number): number {
  if (timesNs.length === 0) return 1;
  let [low, high] = [0, timesNs.length - 1];
  while (low < high) {
    const half = (low + high + 1) >> 1;
    if (timesNs[half]! <= atNs) low = half;
    else high = half - 1;
  }
  const next = Math.min(low + 1, timesNs.length - 1);
  const gapNs = timesNs[next]! - timesNs[low]!;
  const share = gapNs > 0 ? Math.min(1, Math.max(0, (atNs - timesNs[low]!) / gapNs)) : 0;
  return paces[low]! * (1 - share) + paces[next]! * share;
}

/** The pace by time from a table, for those who ask often. */
export function paceTable(path: PacePath): (atNs: number) => number {
  const firstNs = path.timesNs[0] ?? 0;
  const cells = Math.max(1, Math.ceil(((path.timesNs.at(-1) ?? 0) - firstNs) / CELL_NS));
  const table = Float64Array.from({ length: cells }, (_, cell) => paceAt(path, firstNs + (cell + 0.5) * CELL_NS));
  return (atNs) => table[Math.max(0, Math.min(cells - 1, Math.floor((atNs - firstNs) / CELL_NS)))]!;
}

/** Mean over the time in which the host was at work; NaN without any. */
export function meanPace({ paces, weightsNs }: PacePath): number {
  let [sum, weights] = [0, 0];
  paces.forEach((pace, at) => {
    sum += weightsNs[at]! * pace;
    weights += weightsNs[at]!;
  });
  return weights > 0 ? sum / weights : NaN;
}

function medians(values: Float64Array): Float64Array {
  const half = MEDIAN_OF >> 1;
  return values.map((_, at) => {
    const window = values.slice(Math.max(0, at - half), at + half + 1).sort();
    return window[window.length >> 1]!;
  });
}
