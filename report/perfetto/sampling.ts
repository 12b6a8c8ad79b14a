/** What of a long run a trace shows: every kth request, and every kth piece of work, so that a browser can open it. */
import type { Timeline } from "../../sim/index.js";

export interface TraceLimits {
  readonly requests: number;
  /** Steps or batches, and changes of each counter, of an engine. */
  readonly work: number;
}

export const defaultLimits: TraceLimits = { requests: 5000, work: 100_000 };

export interface Sampling {
  /** Every so many of them; 1: all. */
  readonly everyRequest: number;
  readonly everyWork: number;
  /** What is left out, in words; none: nothing. */
  readonly notes: readonly string[];
}

export function samplingOf({ work, engines, requests }: Timeline, limits: TraceLimits): Sampling {
  const most = engines.reduce((most, engine) => Math.max(most, engine.work.length, engine.counts.length), 0);
  const everyRequest = Math.max(1, Math.ceil(requests.length / limits.requests));
  const everyWork = Math.max(1, Math.ceil(most / limits.work));
  const notes: string[] = [];
  if (everyRequest > 1) notes.push(`1 of ${everyRequest} requests is shown, of ${requests.length}`);
  if (everyWork > 1) {
    notes.push(
      `1 of ${everyWork} ${work} is shown, of up to ${most} on an engine, besides the first of each request shown`,
    );
  }
  return { everyRequest, everyWork, notes };
}
