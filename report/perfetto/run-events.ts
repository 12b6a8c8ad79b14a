/** The events of one run in a trace: its clients are a process, and each of its engines. */
import type { Timeline } from "../../sim/index.js";
import { engineEvents, type EngineEvents } from "./engine-events.js";
import { ARRIVALS, arrivalEvents, idOf, requestEvents, type Clients } from "./request-events.js";
import type { Sampling } from "./sampling.js";
import { microseconds, processName, threadName, type NameEvent, type TraceEvent } from "./trace-event.js";

export interface RunEventsInput {
  /** Before the names of its processes, such as `real: `; empty: the trace has one run. */
  readonly prefix: string;
  readonly timeline: Timeline;
  readonly sampling: Sampling;
  readonly clients: Clients;
}

export interface RunEvents {
  readonly names: readonly NameEvent[];
  /** In no order. */
  readonly events: readonly TraceEvent[];
  readonly requestsShown: number;
}

/** Processes are numbered from the clients' own on, as many as there are engines after it. */
export function runEvents(input: RunEventsInput): RunEvents {
  const { timeline, sampling, clients } = input;
  const shown = timeline.requests.flatMap((request, row) => (sampling.isShown[row]! ? [{ request, row }] : []));
  const engines = timeline.engines.map((_, number) => engineOf(input, number));
  const events: TraceEvent[] = engines.flatMap((engine) => engine.events);
  const add = (more: readonly TraceEvent[]): void => {
    for (const event of more) events.push(event);
  };
  add(arrivalEvents(clients, shown.map(({ request }) => request))); // prettier-ignore
  for (const { request, row } of shown) {
    add(requestEvents(clients, row, request));
    const { first, arrivalNs } = request;
    if (first === undefined) continue;
    const { threadOf } = engines[first.engine]!;
    const { startNs } = timeline.engines[first.engine]!.work[first.place]!;
    const flow = { name: "first scheduled", cat: "flow", id: idOf(clients, row) };
    const tid = threadOf(first.place);
    add([
      { ...flow, ph: "s", pid: clients.pid, tid: ARRIVALS, ts: microseconds(arrivalNs) },
      { ...flow, ph: "f", bp: "e", pid: pidOf(clients, first.engine), tid, ts: microseconds(startNs) },
    ]);
  }
  return { names: namesOf(input, engines), events, requestsShown: shown.length };
}

function pidOf({ pid }: Clients, engine: number): number {
  return pid + 1 + engine;
}

/** The first work of each request that is shown is shown, too. */
function engineOf({ timeline, clients, sampling }: RunEventsInput, number: number): EngineEvents {
  const { isShown, everyWork } = sampling;
  const firsts = new Set<number>();
  for (const [row, { first }] of timeline.requests.entries()) {
    if (isShown[row]! && first?.engine === number) firsts.add(first.place);
  }
  return engineEvents({
    pid: pidOf(clients, number),
    kind: timeline.work,
    engine: timeline.engines[number]!,
    isShown: (place) => place % everyWork === 0 || firsts.has(place),
    every: everyWork,
  });
}

function namesOf({ prefix, timeline, clients }: RunEventsInput, engines: readonly EngineEvents[]): NameEvent[] {
  const { work, engines: timelines } = timeline;
  return [
    ...processName(clients.pid, `${prefix}requests`),
    ...threadName(clients.pid, ARRIVALS, "arrivals"),
    ...engines.flatMap(({ threads }, number) => [
      ...processName(
        pidOf(clients, number),
        `${prefix}${timelines.length === 1 ? "engine" : `engine, replica ${number}`}`,
      ),
      ...Array.from({ length: threads }, (_, lane) =>
        threadName(pidOf(clients, number), lane + 1, threads === 1 ? work : `${work}, lane ${lane + 1}`),
      ).flat(),
    ]),
  ];
}
