/**
 * Requests of a load compared one by one with the same requests simulated: the logarithm of simulated over recorded time,
 * averaged in groups of requests. A mean over the load may be right while long contexts are too slow and short ones too fast,
 * or while a queue comes too early; groups by what a cost grows with, and by when requests came, show that.
 */
import type { RequestRecord } from "../../../formats/index.js";
import { e2elMs, tpotMs, ttftMs } from "../../../sim/index.js";

/** Members of a group, by position in the load's requests, and which time of theirs is compared. */
export interface PairedGroup {
  readonly name: string;
  readonly metric: keyof typeof metrics;
  readonly members: readonly number[];
}

const metrics = { ttft: ttftMs, tpot: tpotMs, e2el: e2elMs } as const;
const metricNames = Object.keys(metrics) as PairedGroup["metric"][];

/** Requests in a row are one group: at least so many, and so many groups at most. */
const MIN_MEMBERS = 10;
const MAX_STRETCHES = 10;
const SIZES = 5;

/** What each time grows with most: prompts, cached tokens, outputs. */
const grownWith: Readonly<Record<PairedGroup["metric"], (request: RequestRecord) => number>> = {
  ttft: ({ promptTokens }) => promptTokens,
  tpot: ({ promptTokens, outputTokens }) => promptTokens + outputTokens / 2,
  e2el: ({ outputTokens }) => outputTokens,
};

/** Stretches of arrivals and fifths by size, of each metric, among requests that have it; none of a handful of requests. */
export function pairedGroups(requests: readonly RequestRecord[]): PairedGroup[] {
  return metricNames.flatMap((metric) => {
    const known = requests.flatMap((request, at) => (metrics[metric](request) === null ? [] : [at]));
    const most = Math.floor(known.length / MIN_MEMBERS);
    const split = (name: string, of: (request: RequestRecord) => number, count: number): PairedGroup[] => {
      const order = [...known].sort((a, b) => of(requests[a]!) - of(requests[b]!) || a - b);
      return Array.from({ length: count }, (_, k) => ({
        name: `${metric} ${name} ${k + 1}/${count}`,
        metric,
        members: order.slice(Math.round((k * order.length) / count), Math.round(((k + 1) * order.length) / count)),
      }));
    };
    return [
      ...split("by arrival", ({ arrivalNs }) => arrivalNs, Math.min(MAX_STRETCHES, most)),
      ...split("by size", grownWith[metric], Math.min(SIZES, most)),
    ];
  });
}

/**
 * Every request's time per output token by itself. It is the mean of the steps that the request saw: of a batch and contexts
 * that no other request saw all of, so that many of them tell apart what the means of groups do not. A time to first token is
 * mostly where in a step the request came, which no simulation can know.
 */
export function singleRequests(requests: readonly RequestRecord[]): PairedGroup[] {
  return requests.flatMap((request, at) =>
    tpotMs(request) === null ? [] : [{ name: `tpot of ${request.requestId}`, metric: "tpot" as const, members: [at] }],
  );
}

/** Times of requests in their order, by metric, ms; NaN where a request has none. */
export type Times = Readonly<Record<PairedGroup["metric"], Float64Array>>;

export function timesOf(requests: readonly RequestRecord[]): Times {
  const of = (metric: PairedGroup["metric"]): Float64Array =>
    Float64Array.from(requests, (request) => metrics[metric](request) ?? NaN);
  return { ttft: of("ttft"), tpot: of("tpot"), e2el: of("e2el") };
}

/** Ratios of logarithm up to about this count by themselves, larger ones by their logarithm: one stall owns no group. */
const ROBUST = 0.5;
/** Clients' clocks resolve no less, ms. */
const MIN_MS = 0.05;

/** Mean logarithm of simulated over recorded times of a group, large ones held down, the same way up as down. */
export function pairedMiss({ metric, members }: PairedGroup, simulated: Times, real: Times): number {
  let sum = 0;
  for (const at of members) {
    const log = Math.log(Math.max(simulated[metric][at]!, MIN_MS) / Math.max(real[metric][at]!, MIN_MS));
    sum += ROBUST * Math.asinh(log / ROBUST);
  }
  return sum / members.length;
}
