/** An engine's steps or batches as slices, and its counts as counters. */
import type { EngineTimeline, Timeline, TimelineWork } from "../../sim/index.js";
import { microseconds, slice, type TraceEvent } from "./trace-event.js";

export interface EngineEventsInput {
  readonly pid: number;
  readonly kind: Timeline["work"];
  readonly engine: EngineTimeline;
  /** Whether the piece of work at that place is shown. */
  readonly isShown: (place: number) => boolean;
  /** Counts are shown every so many. */
  readonly every: number;
}

export interface EngineEvents {
  readonly events: readonly TraceEvent[];
  /** Threads that were used, numbered from 1. */
  readonly threads: number;
  /** Thread of each piece of work, by place. */
  readonly threadOf: (place: number) => number;
}

export function engineEvents({ pid, kind, engine, isShown, every }: EngineEventsInput): EngineEvents {
  const lanes = lanesOf(engine.work);
  const events: TraceEvent[] = [];
  for (const [place, work] of engine.work.entries()) {
    if (!isShown(place)) continue;
    const on = { pid, tid: lanes.of[place]!, cat: kind === "steps" ? "step" : "batch" };
    if (kind === "steps") events.push(stepEvent(on, work));
    else for (const event of batchEvents(on, work)) events.push(event);
  }
  for (const event of counterEvents(pid, engine, every)) events.push(event);
  return { events, threads: Math.max(1, lanes.count), threadOf: (place) => lanes.of[place]! };
}

type On = Parameters<typeof slice>[0];

function stepEvent(
  on: On,
  { startNs, endNs, prefillTokens, decodeRequests, tokens, requests }: TimelineWork,
): TraceEvent {
  const name = prefillTokens === 0 ? "decode" : decodeRequests === 0 ? "prefill" : "mixed";
  const args = { prefill_tokens: prefillTokens, decode_requests: decodeRequests, tokens, requests };
  return slice(on, { name, startNs, endNs, args });
}

/** A batch, with its prefill and its decodes inside. */
function batchEvents(
  on: On,
  { startNs, endNs, firstTokenNs, prefillTokens, tokens, requests }: TimelineWork,
): TraceEvent[] {
  const args = { requests, prompt_tokens: prefillTokens, output_tokens: tokens - prefillTokens };
  const batch = slice(on, { name: `batch of ${requests}`, startNs, endNs, args });
  if (firstTokenNs === undefined || firstTokenNs < startNs || firstTokenNs > endNs) return [batch];
  return [
    batch,
    slice(on, { name: "prefill", startNs, endNs: firstTokenNs }),
    slice(on, { name: "decode", startNs: firstTokenNs, endNs }),
  ];
}

/** Work that overlaps is put on threads of its own: the first that is free. `of`: by place. */
function lanesOf(work: readonly TimelineWork[]): { readonly of: readonly number[]; readonly count: number } {
  const freeNs: number[] = [];
  const of = work.map(({ startNs, endNs }) => {
    const free = freeNs.findIndex((ns) => ns <= startNs);
    const lane = free < 0 ? freeNs.length : free;
    freeNs[lane] = endNs;
    return lane + 1;
  });
  return { of, count: freeNs.length };
}

const counters = [
  ["running", "running"],
  ["waiting", "waiting"],
  ["kvBlocks", "KV blocks used"],
] as const;

/** Each counter where it changes. */
function counterEvents(pid: number, { counts }: EngineTimeline, every: number): TraceEvent[] {
  const events: TraceEvent[] = [];
  for (const [key, name] of counters) {
    let last: number | undefined;
    for (const [place, { atNs, [key]: value }] of counts.entries()) {
      const isShown = place % every === 0 || place === counts.length - 1;
      if (!isShown || value === undefined || value === last) continue;
      last = value;
      events.push({ ph: "C", pid, tid: 0, cat: "counter", name, ts: microseconds(atNs), args: { [key]: value } });
    }
  }
  return events;
}
