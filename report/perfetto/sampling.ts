/** What of a long run a trace shows: every kth request of an engine, and every kth piece of work, so that a browser can open it. */
import type { Timeline } from "../../sim/index.js";

export interface TraceLimits {
  readonly requests: number;
  /** Steps or batches, and changes of each counter, of an engine. */
  readonly work: number;
}

export const defaultLimits: TraceLimits = { requests: 5000, work: 100_000 };

export interface Sampling {
  /** Requests that are shown, by row. */
  readonly isShown: readonly boolean[];
  /** Work is shown every so many; 1: all. */
  readonly everyWork: number;
  /** What is left out, in words; none: nothing. */
  readonly notes: readonly string[];
}

export function samplingOf({ work, engines, requests }: Timeline, limits: TraceLimits): Sampling {
  const most = engines.reduce((most, engine) => Math.max(most, engine.work.length, engine.counts.length), 0);
  const everyRequest = Math.max(1, Math.ceil(requests.length / limits.requests));
  const everyWork = Math.max(1, Math.ceil(most / limits.work));
  const notes: string[] = [];
  if (everyRequest > 1) notes.push(`1 of ${everyRequest} requests of an engine is shown, of ${requests.length} in all`);
  if (everyWork > 1) {
    notes.push(
      `1 of ${everyWork} ${work} is shown, of up to ${most} on an engine, besides the first of each request shown`,
    );
  }
  return { isShown: everyKth(requests, everyRequest), everyWork, notes };
}

/** Counted on each engine by itself: every 4th row of a run on two replicas in turn would be of the same one. */
function everyKth(requests: Timeline["requests"], every: number): boolean[] {
  const counted = new Map<number | undefined, number>();
  return requests.map(({ first }) => {
    const before = counted.get(first?.engine) ?? 0;
    counted.set(first?.engine, before + 1);
    return before % every === 0;
  });
}
