/** Adds to an engine's counts, which its passes tell, that nothing is left when its last request for the time being has its answer. */
import type { RequestRecord } from "../../formats/index.js";
import type { TimelineCounts } from "./timeline.js";

/** `requests`: those of the engine. In order of time, as `counts` are; what was counted at such an instant stands. */
export function withIdle(counts: readonly TimelineCounts[], requests: readonly RequestRecord[]): TimelineCounts[] {
  const idle = idleFrom(requests);
  const all: TimelineCounts[] = [];
  let next = 0;
  const addIdle = (untilNs: number): void => {
    for (; next < idle.length && idle[next]! < untilNs; next++) {
      const before = all.at(-1);
      if (before !== undefined) all.push({ ...before, atNs: idle[next]!, running: 0, waiting: 0, kvBlocks: 0 });
    }
  };
  for (const count of counts) {
    addIdle(count.atNs);
    all.push(count);
  }
  addIdle(Infinity);
  return all;
}

/** Instants at which nobody has a request under way any more. */
function idleFrom(requests: readonly RequestRecord[]): number[] {
  const served = requests.filter(({ sentNs, lastTokenNs }) => sentNs !== undefined && lastTokenNs !== undefined);
  const sent = Float64Array.from(served, ({ sentNs }) => sentNs!).sort();
  const ends = Float64Array.from(served, ({ lastTokenNs }) => lastTokenNs!).sort();
  const idle: number[] = [];
  // As many have ended as were sent up to then.
  for (let at = 0; at < ends.length; at++)
    if (at + 1 === ends.length || sent[at + 1]! > ends[at]!) idle.push(ends[at]!);
  return idle;
}
