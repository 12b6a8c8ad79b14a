/**
 * Where the error of the mean end-to-end latency comes from: queue (scheduled - arrival), prefill (first token -
 * scheduled) and decode (last token - first token), milliseconds. Client (sent - arrival) is a part of the queue, shown
 * separately because it is the load generator's own.
 */
import type { RequestColumns } from "../../sim/metrics/index.js";
import type { PairedRun, Pairs } from "./join.js";

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

/** Milliseconds from one time of a request to another; NaN where one is not known. */
type Gap = (columns: RequestColumns, row: number) => number;

const between =
  (from: Time, to: Time): Gap =>
  (columns, row) =>
    (columns[to][row]! - columns[from][row]!) / 1e6;
type Time = "arrivalNs" | "sentNs" | "scheduledNs" | "firstTokenNs" | "lastTokenNs";

const gaps = {
  e2el: between("arrivalNs", "lastTokenNs"),
  ttft: between("arrivalNs", "firstTokenNs"),
  queue: between("arrivalNs", "scheduledNs"),
  prefill: between("scheduledNs", "firstTokenNs"),
  decode: between("firstTokenNs", "lastTokenNs"),
  client: between("arrivalNs", "sentNs"),
} as const;
/** Without a sent time, sent on arrival. */
const sentOnArrival: Gap = (columns, row) => gaps.client(columns, row) || 0;

/**
 * Splits over the pairs that have every time; where no pair has a scheduled time, into ttft and decode only. The left
 * runs of a pair, when they are `simulated`, have no client: without a sent time they count as sent on arrival.
 */
export function splitE2el(pairs: Pairs, simulated: boolean): E2elSplit {
  const timed = only(pairs, allPairs(pairs), gaps.decode);
  const scheduled = only(pairs, timed, gaps.queue);
  const used = scheduled.length > 0 ? scheduled : timed;
  const clientOfSims = simulated ? sentOnArrival : gaps.client;
  const sent = only(pairs, used, gaps.client, clientOfSims);
  return {
    n: used.length,
    e2el: part(pairs, used, gaps.e2el),
    ttft: part(pairs, used, gaps.ttft),
    queue: part(pairs, scheduled, gaps.queue),
    prefill: part(pairs, scheduled, gaps.prefill),
    decode: part(pairs, used, gaps.decode),
    client: part(pairs, sent, gaps.client, clientOfSims),
  };
}

function allPairs({ count }: Pairs): Uint32Array {
  return Uint32Array.from({ length: count }, (_, pair) => pair);
}

/** Those of the given pairs whose every run knows the gap. */
function only({ sims, reals }: Pairs, given: Uint32Array, gap: Gap, ofSims = gap): Uint32Array {
  const isKnown = (runs: readonly PairedRun[], of: Gap, pair: number): boolean =>
    runs.every(({ columns, rows }) => !Number.isNaN(of(columns, rows[pair]!)));
  return given.filter((pair) => isKnown(sims, ofSims, pair) && isKnown(reals, gap, pair));
}

function part({ sims, reals }: Pairs, given: Uint32Array, gap: Gap, ofSims = gap): LatencyPart | null {
  if (given.length === 0) return null;
  const [sim_ms, real_ms] = [meanOver(sims, given, ofSims), meanOver(reals, given, gap)];
  return { sim_ms, real_ms, error_ms: sim_ms - real_ms };
}

/** Of the pairs, each a mean over its runs. */
function meanOver(runs: readonly PairedRun[], given: Uint32Array, gap: Gap): number {
  let sum = 0;
  for (const pair of given) {
    let ofPair = 0;
    for (const { columns, rows } of runs) ofPair += gap(columns, rows[pair]!);
    sum += ofPair / runs.length;
  }
  return sum / given.length;
}
