/** Timelines of runs as a trace for Perfetto or chrome://tracing: of one, or of several on one clock. */
import type { Timeline } from "../../sim/index.js";
import { runEvents } from "./run-events.js";
import { defaultLimits, samplingOf, type TraceLimits } from "./sampling.js";
import type { TraceEvent } from "./trace-event.js";

export interface Trace {
  /** Names first, then all others in order of time. */
  readonly events: readonly TraceEvent[];
  /** What the trace is of, and what it leaves out. */
  readonly about: Readonly<Record<string, string | number | readonly string[]>>;
  /** What it leaves out, in words; none: nothing. */
  readonly notes: readonly string[];
}

/** `about`: what the run is, for the trace's metadata. */
export function traceOf(timeline: Timeline, about: Trace["about"], limits: TraceLimits = defaultLimits): Trace {
  return traceOfRuns([{ name: "", timeline }], about, limits);
}

/** A run of a trace; its name stands before those of its processes, empty where it is the only one. */
export interface TracedRun {
  readonly name: string;
  readonly timeline: Timeline;
}

/** Runs below each other, all from their own start on. */
export function traceOfRuns(
  runs: readonly TracedRun[],
  about: Trace["about"],
  limits: TraceLimits = defaultLimits,
): Trace {
  let [pid, before] = [1, 0];
  const parts = runs.map(({ name, timeline }) => {
    const sampling = samplingOf(timeline, limits);
    const prefix = name === "" ? "" : `${name}: `;
    const part = runEvents({ prefix, timeline, sampling, clients: { pid, before } });
    pid += 1 + timeline.engines.length;
    before += timeline.requests.length;
    return { ...part, notes: sampling.notes.map((note) => `${prefix}${note}`) };
  });
  const events = parts.flatMap((part) => part.events);
  // A stable sort: what is of one instant stays in the order in which it was made.
  events.sort((a, b) => timeOf(a) - timeOf(b));
  const notes = parts.flatMap((part) => part.notes);
  const shown = parts.reduce((sum, { requestsShown }) => sum + requestsShown, 0);
  return {
    events: [...parts.flatMap(({ names }) => names), ...events],
    about: { ...about, requests_shown: shown, requests: before, sampling: notes },
    notes,
  };
}

function timeOf(event: TraceEvent): number {
  return event.ph === "M" ? -Infinity : event.ts;
}
