/**
 * Whether requests came faster than they were served, where a run is long enough to tell: at first the system fills, for about
 * as long as one request is served, and a server that fills looks like one that falls behind.
 */
import type { RequestColumns } from "../../formats/index.js";

/** unclear: it looks so, but the last request came before the system had filled. */
export type Overload = "no" | "yes" | "unclear";

/** Least time from first to last arrival, in times that a request is served. */
const SERVICES = 5;

export function overloadOf(looksOverloaded: boolean, isSettled: boolean): Overload {
  if (!looksOverloaded) return "no";
  return isSettled ? "yes" : "unclear";
}

/** Whether arrivals go on for long after the system has filled. How long requests waited before does not count. */
export function isSettled({ rows, ok, arrivalNs, scheduledNs, lastTokenNs }: RequestColumns): boolean {
  let [answered, serviceNs, firstNs, lastNs] = [0, 0, Infinity, -Infinity];
  for (let row = 0; row < rows; row++) {
    if (ok[row] === 0) continue;
    answered++;
    serviceNs += lastTokenNs[row]! - scheduledNs[row]!;
    firstNs = Math.min(firstNs, arrivalNs[row]!);
    lastNs = Math.max(lastNs, arrivalNs[row]!);
  }
  return answered > 0 && lastNs - firstNs >= (SERVICES * serviceNs) / answered;
}

/** What to say of days; `when`: "before the change ", or nothing. */
export function overloadNotes(days: readonly { readonly overload: Overload }[], when = ""): string[] {
  const count = (which: Overload): number => days.filter(({ overload }) => overload === which).length;
  if (2 * count("yes") > days.length)
    return [`${when}requests come faster than they are served: latencies depend on how long the run is`];
  if (2 * (count("yes") + count("unclear")) <= days.length) return [];
  return [
    `${when}the load is too short to tell whether requests come faster than they are served: the last comes while the first ones still ` +
      "fill the server; a longer load would show it",
  ];
}
