/** Simulates a run and keeps what the page shows of it. */
import { defined, type RequestRecord } from "../../formats/index.js";
import { e2elMs, quantile, simulateRun, ttftMs, type SimulatedRunInput } from "../../sim/index.js";
import type { Counts, Quantiles, ShownRun } from "./messages.js";

/** Quantiles kept of a latency, and stretches of a run's time. */
const QUANTILES = 201;
const STRETCHES = 160;
/** Counts go on for so long, over the time of arrivals. */
const AFTER_ARRIVALS = 1.15;

export function shownRun(input: SimulatedRunInput): ShownRun {
  const { info, requests } = simulateRun(input);
  const served = requests.filter(({ status }) => status === "ok");
  const { kv_blocks: blocks, preemptions = 0 } = info as {
    readonly kv_blocks?: { readonly total: number; readonly high_water: readonly number[] };
    readonly preemptions?: number;
  };
  const used = blocks?.high_water.reduce((most, each) => Math.max(most, each), 0);
  return {
    requests: requests.length,
    summary: info.summary as Readonly<Record<string, unknown>>,
    notes: info.notes ?? [],
    preemptions,
    ...defined({ kvHighWater: blocks === undefined ? undefined : used! / blocks.total }),
    ttft: quantilesOf(served, ttftMs),
    e2el: quantilesOf(served, e2elMs),
    counts: countsOf(served, requests.at(-1)?.arrivalNs ?? 0),
  };
}

function quantilesOf(
  served: readonly RequestRecord[],
  latencyMs: (request: RequestRecord) => number | null,
): Quantiles {
  const sorted = Float64Array.from(served, (request) => latencyMs(request) ?? NaN).sort();
  if (sorted.length === 0) return new Float64Array();
  return Float64Array.from({ length: QUANTILES }, (_, at) => quantile(sorted, at / (QUANTILES - 1)));
}

/** Mean numbers of requests that wait and that run, by stretch; the same stretches for all policies. */
function countsOf(served: readonly RequestRecord[], lastArrivalNs: number): Counts {
  const endNs = Math.max(1, lastArrivalNs * AFTER_ARRIVALS);
  const stretchNs = endNs / STRETCHES;
  const [waiting, running] = [new Float64Array(STRETCHES), new Float64Array(STRETCHES)];
  for (const { arrivalNs, scheduledNs, lastTokenNs } of served) {
    addStay(waiting, stretchNs, arrivalNs, scheduledNs!);
    addStay(running, stretchNs, scheduledNs!, lastTokenNs!);
  }
  return { stretchS: stretchNs / 1e9, waiting, running };
}

function addStay(means: Float64Array, stretchNs: number, fromNs: number, toNs: number): void {
  const last = Math.min(means.length - 1, Math.floor(toNs / stretchNs));
  for (let at = Math.floor(fromNs / stretchNs); at <= last; at++) {
    const insideNs = Math.min(toNs, (at + 1) * stretchNs) - Math.max(fromNs, at * stretchNs);
    means[at]! += Math.max(0, insideNs) / stretchNs;
  }
}
