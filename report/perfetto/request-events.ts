/** Requests as async slices with their phases inside, and when they arrived, on a thread from which flow arrows start. */
import type { RequestTimeline } from "../../sim/index.js";
import { microseconds, slice, type Args, type TraceEvent } from "./trace-event.js";

/** The thread of arrivals of the clients' process. */
export const ARRIVALS = 1;

/** The clients of one run of a trace. */
export interface Clients {
  readonly pid: number;
  /** Requests of the runs before it in the trace: ids are the trace's own. */
  readonly before: number;
}

const ARRIVAL_NS = 1000;

/** The id of a request's async slices and of its arrow, in hex as the format has ids. */
export function idOf({ before }: Clients, row: number): string {
  return `0x${(before + row + 1).toString(16)}`;
}

/** A request and, between its ends, one slice for each phase; events in order of time. */
export function requestEvents(clients: Clients, row: number, request: RequestTimeline): TraceEvent[] {
  const { requestId, status, arrivalNs, endNs, phases, promptTokens, outputTokens } = request;
  const common = { pid: clients.pid, tid: ARRIVALS, cat: "request", id: idOf(clients, row) };
  const at = (ph: "b" | "e", name: string, ns: number, args?: Args): TraceEvent => ({
    ...{ ...common, ph, name, ts: microseconds(ns) },
    ...(args === undefined ? {} : { args }),
  });
  const name = `request ${requestId}`;
  const args = { request: requestId, prompt_tokens: promptTokens, output_tokens: outputTokens, status };
  return [
    at("b", name, arrivalNs, args),
    ...phases.flatMap(({ phase, atNs }, place) => [
      at("b", phase, atNs),
      at("e", phase, phases[place + 1]?.atNs ?? endNs),
    ]),
    at("e", name, endNs),
  ];
}

/** One short slice for all requests of an instant; it ends before the next begins. */
export function arrivalEvents({ pid }: Clients, requests: readonly RequestTimeline[]): TraceEvent[] {
  const byTime = new Map<number, RequestTimeline[]>();
  for (const request of requests) {
    const arrived = byTime.get(request.arrivalNs);
    if (arrived === undefined) byTime.set(request.arrivalNs, [request]);
    else arrived.push(request);
  }
  const times = [...byTime.keys()].sort((a, b) => a - b);
  return times.map((startNs, place) => {
    const arrived = byTime.get(startNs)!;
    const name = arrived.length === 1 ? `arrival of ${arrived[0]!.requestId}` : `${arrived.length} arrivals`;
    const endNs = Math.min(startNs + ARRIVAL_NS, times[place + 1] ?? Infinity);
    return slice({ pid, tid: ARRIVALS, cat: "arrival" }, { name, startNs, endNs });
  });
}
