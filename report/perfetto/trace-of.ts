/** A run's timeline as a trace for Perfetto or chrome://tracing. */
import type { Timeline } from "../../sim/index.js";
import { engineEvents, type EngineEvents } from "./engine-events.js";
import { ARRIVALS, arrivalEvents, CLIENTS, idOf, requestEvents } from "./request-events.js";
import { defaultLimits, samplingOf, type Sampling, type TraceLimits } from "./sampling.js";
import { microseconds, processName, threadName, type NameEvent, type TraceEvent } from "./trace-event.js";

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
  const sampling = samplingOf(timeline, limits);
  const shown = timeline.requests.flatMap((request, row) => (sampling.isShown[row]! ? [{ request, row }] : []));
  const engines = timeline.engines.map((_, number) => engineOf(timeline, number, sampling));
  const events: TraceEvent[] = engines.flatMap(({ events }) => events);
  const add = (more: readonly TraceEvent[]): void => {
    for (const event of more) events.push(event);
  };
  add(arrivalEvents(shown.map(({ request }) => request)));
  for (const { request, row } of shown) {
    add(requestEvents(row, request));
    const { first, arrivalNs } = request;
    if (first === undefined) continue;
    const { threadOf } = engines[first.engine]!;
    const { startNs } = timeline.engines[first.engine]!.work[first.place]!;
    const flow = { name: "first scheduled", cat: "flow", id: idOf(row) };
    add([
      { ...flow, ph: "s", pid: CLIENTS, tid: ARRIVALS, ts: microseconds(arrivalNs) },
      { ...flow, ph: "f", bp: "e", pid: pidOf(first.engine), tid: threadOf(first.place), ts: microseconds(startNs) },
    ]);
  }
  // A stable sort: what is of one instant stays in the order in which it was made.
  events.sort((a, b) => timeOf(a) - timeOf(b));
  const { notes } = sampling;
  const kept = { requests_shown: shown.length, requests: timeline.requests.length };
  return { events: [...names(timeline, engines), ...events], about: { ...about, ...kept, sampling: notes }, notes };
}

function pidOf(engine: number): number {
  return CLIENTS + 1 + engine;
}

/** The first work of each request that is shown is shown, too. */
function engineOf(timeline: Timeline, number: number, { isShown, everyWork }: Sampling): EngineEvents {
  const firsts = new Set<number>();
  for (const [row, { first }] of timeline.requests.entries()) {
    if (isShown[row]! && first?.engine === number) firsts.add(first.place);
  }
  return engineEvents({
    pid: pidOf(number),
    kind: timeline.work,
    engine: timeline.engines[number]!,
    isShown: (place) => place % everyWork === 0 || firsts.has(place),
    every: everyWork,
  });
}

function names({ work, engines: timelines }: Timeline, engines: readonly EngineEvents[]): NameEvent[] {
  return [
    ...processName(CLIENTS, "requests"),
    ...threadName(CLIENTS, ARRIVALS, "arrivals"),
    ...engines.flatMap(({ threads }, number) => [
      ...processName(pidOf(number), timelines.length === 1 ? "engine" : `engine, replica ${number}`),
      ...Array.from({ length: threads }, (_, lane) =>
        threadName(pidOf(number), lane + 1, threads === 1 ? work : `${work}, lane ${lane + 1}`),
      ).flat(),
    ]),
  ];
}

function timeOf(event: TraceEvent): number {
  return event.ph === "M" ? -Infinity : event.ts;
}
