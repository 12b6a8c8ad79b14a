/**
 * Where the error of the mean end-to-end latency comes from: queue (scheduled - arrival), prefill (first token -
 * scheduled) and decode (last token - first token), milliseconds. Client (sent - arrival) is a part of the queue, shown
 * apart because it is the load generator's own.
 */
import type { RequestRecord } from "../../formats/index.js";
import { clientDelayMs, e2elMs, gapMs, mean, queueMs, ttftMs } from "../../sim/metrics/index.js";
import type { Pair } from "./join.js";

/** Means of one part of the latency; error is sim - real. */
export interface LatencyPart {
  readonly sim_ms: number;
  readonly real_ms: number;
  readonly error_ms: number;
}

/** e2el = ttft + decode, and ttft = queue + prefill. Null: some run does not record it. */
export interface E2elSplit {
  /** Requests with every time that the split needs, in every run. */
  readonly n: number;
  readonly e2el: LatencyPart | null;
  readonly ttft: LatencyPart | null;
  readonly queue: LatencyPart | null;
  readonly prefill: LatencyPart | null;
  readonly decode: LatencyPart | null;
  readonly client: LatencyPart | null;
}

type Gap = (request: RequestRecord) => number | null;

const prefillMs: Gap = (request) => gapMs(request.scheduledNs, request.firstTokenNs);
const decodeMs: Gap = (request) => gapMs(request.firstTokenNs, request.lastTokenNs);

/**
 * Splits over the pairs that have every time; where no pair has a scheduled time, into ttft and decode only. The left
 * runs of a pair, when they are `simulated`, have no client: without a sent time they count as sent on arrival.
 */
export function splitE2el(pairs: readonly Pair[], simulated: boolean): E2elSplit {
  const timed = pairs.filter((pair) => has(pair, decodeMs));
  const scheduled = timed.filter((pair) => has(pair, queueMs));
  const used = scheduled.length > 0 ? scheduled : timed;
  return {
    n: used.length,
    e2el: part(used, e2elMs),
    ttft: part(used, ttftMs),
    queue: part(scheduled, queueMs),
    prefill: part(scheduled, prefillMs),
    decode: part(used, decodeMs),
    client: clientPart(used, simulated),
  };
}

function has(pair: Pair, gap: Gap): boolean {
  return [...pair.sims, ...pair.reals].every((request) => gap(request) !== null);
}

function clientPart(pairs: readonly Pair[], simulated: boolean): LatencyPart | null {
  const sent = simulated ? pairs.map(sentOnArrival) : pairs;
  return part(
    sent.filter((pair) => has(pair, clientDelayMs)),
    clientDelayMs,
  );
}

function sentOnArrival({ sims, reals }: Pair): Pair {
  return { sims: sims.map((sim) => ({ ...sim, sentNs: sim.sentNs ?? sim.arrivalNs })), reals };
}

function part(pairs: readonly Pair[], gap: Gap): LatencyPart | null {
  if (pairs.length === 0) return null;
  const sim_ms = mean(pairs.map((pair) => mean(pair.sims.map((sim) => gap(sim)!))));
  const real_ms = mean(pairs.map((pair) => mean(pair.reals.map((real) => gap(real)!))));
  return { sim_ms, real_ms, error_ms: sim_ms - real_ms };
}
