/** How long requests took to enter the engine, and tokens to reach their clients: as recorded, and as a replay has it. */
import { mean } from "../../../sim/index.js";
import type { Delivery, DeliveryLog } from "./delivery-log.js";
import type { RecordedEntry, RecordedTraffic } from "../recording/index.js";
import type { FrontEndReplay } from "./replay-front-end.js";
import { countBelow } from "../../fit/numerics/index.js";

/** Looks that the usual gap between looks is taken from. */
const RECENT = 9;
export const delayQuantiles = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

export interface Delays {
  /** From sending to entering the engine. */
  readonly in: Float64Array;
  /** From the update to the client, of first and of other tokens. */
  readonly first: Float64Array;
  readonly other: Float64Array;
}

/** Together, sorted. */
export function pooled(delays: readonly Delays[]): Delays {
  const all = (way: keyof Delays): Float64Array => Float64Array.from(delays.flatMap((each) => [...each[way]])).sort();
  return { in: all("in"), first: all("first"), other: all("other") };
}

/** In the order of the log, ms. */
export function recordedDelays(log: DeliveryLog): Delays {
  const seenNs = ({ atNs }: Delivery): number => atNs;
  return delaysOf(log, ({ atNs }) => atNs, seenNs, seenNs);
}

/** In the order of the log, ms; `wakeNs` from a request being ready to the idle engine's having it. */
export function replayedDelays(
  log: DeliveryLog,
  { readyNs, firstsNs, deliveredNs }: FrontEndReplay,
  wakeNs: number,
): Delays {
  const entryNs = (entry: RecordedEntry): number => {
    const atNs = readyNs[entry.request]!;
    return entry.wokeEngine ? atNs + wakeNs : lookFor(log.traffic, entry, atNs);
  };
  return delaysOf(
    log,
    entryNs,
    ({ output }) => firstsNs[output]!,
    ({ output }) => deliveredNs[output]!,
  );
}

function delaysOf(
  { requests, traffic, firsts, others }: DeliveryLog,
  entryNs: (entry: RecordedEntry) => number,
  firstNs: (seen: Delivery) => number,
  otherNs: (seen: Delivery) => number,
): Delays {
  const sentNs = ({ request }: RecordedEntry): number => requests[request]!.sentNs ?? requests[request]!.arrivalNs;
  const updatedNs = ({ output }: Delivery): number => traffic.outputs[output]!.updatedNs;
  return {
    in: inMs(traffic.entries.map((entry) => entryNs(entry) - sentNs(entry))),
    first: inMs(firsts.map((seen) => firstNs(seen) - updatedNs(seen))),
    other: inMs(others.map((seen) => otherNs(seen) - updatedNs(seen))),
  };
}

/**
 * The look that would see a request ready at that time. Had it missed the one that saw it, its prefill would not have held
 * up the next: that would have come as the ones before did.
 */
function lookFor({ looksNs }: RecordedTraffic, { atNs, isAlone }: RecordedEntry, readyNs: number): number {
  if (readyNs <= atNs || !isAlone) return looksNs[countBelow(looksNs, readyNs)] ?? readyNs;
  const seen = countBelow(looksNs, atNs);
  const gapsNs = Float64Array.from(
    { length: Math.min(seen, RECENT) },
    (_, k) => looksNs[seen - k]! - looksNs[seen - k - 1]!,
  );
  const nextNs = looksNs[seen + 1] ?? Infinity;
  const heldUpNs = Math.max(0, nextNs - atNs - (gapsNs.sort()[gapsNs.length >> 1] ?? Infinity));
  if (!Number.isFinite(heldUpNs)) return readyNs;
  const laterNs = looksNs[countBelow(looksNs, readyNs + heldUpNs)];
  return laterNs === undefined ? readyNs : laterNs - heldUpNs;
}

/** How far quantiles and means of delays are apart: sum of squared logs of their ratios. */
export function quantileLoss(got: Delays, real: Delays): number {
  let loss = 0;
  for (const way of ["in", "first", "other"] as const) {
    const [a, b] = [got[way], real[way]];
    if (b.length === 0) continue;
    for (const p of delayQuantiles) loss += squaredLog(at(a, p), at(b, p));
    loss += 4 * squaredLog(mean(a), mean(b));
  }
  return loss;
}

export function squaredLog(got: number, real: number, least = 0.05): number {
  return Math.log(Math.max(got, least) / Math.max(real, least)) ** 2;
}

function at(sorted: Float64Array, p: number): number {
  return sorted[Math.round(p * (sorted.length - 1))]!;
}

function inMs(ns: readonly number[]): Float64Array {
  return Float64Array.from(ns, (value) => value / 1e6);
}
