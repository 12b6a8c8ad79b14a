/**
 * What a client sees of a run, as numbers to fit to: of a load, means and quantiles of latencies and of gaps between
 * chunks; of probes, medians by group. Milliseconds.
 */
import type { RequestRecord, Run } from "../../../formats/index.js";
import { e2elMs, mean, quantile, tpotMs, ttftMs } from "../../../sim/index.js";
import { grouped } from "../../fit/numerics/index.js";

/** A number and how much it counts. */
export interface Feature {
  readonly name: string;
  readonly ms: number;
  readonly weight: number;
}

const ttftQuantiles = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95] as const;
const tpotQuantiles = [0.1, 0.5, 0.9] as const;
/** Groups with a name are probes of one kind: `prefill-p<len>-o<out>`, `decode-b<batch>-c<context>` and others. */
const MIN_GROUP = 2;

export function loadFeatures(requests: readonly RequestRecord[]): Feature[] {
  const [ttfts, tpots, e2els] = [ttftMs, tpotMs, e2elMs].map((of) => sorted(requests.map(of))) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const features: Feature[] = [
    { name: "ttft mean", ms: mean(ttfts), weight: 8 },
    { name: "e2el mean", ms: mean(e2els), weight: 8 },
    ...ttftQuantiles.map((p) => ({ name: `ttft p${100 * p}`, ms: quantile(ttfts, p), weight: p > 0.8 ? 0.8 : 1.5 })),
  ];
  if (tpots.length > 0) {
    features.push({ name: "tpot mean", ms: mean(tpots), weight: 12 });
    for (const p of tpotQuantiles) features.push({ name: `tpot p${100 * p}`, ms: quantile(tpots, p), weight: 3 });
  }
  return features;
}

export function probeFeatures(requests: readonly RequestRecord[], groupOf: (id: string) => string): Feature[] {
  const features: Feature[] = [];
  for (const [group, members] of grouped(requests, ({ requestId }) => groupOf(requestId))) {
    if (members.length < MIN_GROUP || group === "") continue;
    const ttfts = sorted(members.map(ttftMs));
    const tpots = sorted(members.map(tpotMs));
    const isLone = group.startsWith("prefill-");
    features.push({ name: `${group} ttft`, ms: quantile(ttfts, 0.5), weight: isLone ? 1.5 : 0.1 });
    if (group.startsWith("decode-") && tpots.length > 0) {
      features.push({ name: `${group} tpot`, ms: quantile(tpots, 0.5), weight: 1.5 });
    }
  }
  return features;
}

/** When the chunks of a request came, ms after it was sent; empty where they were not recorded. */
export function chunkTimesMs(extra: RequestRecord["extra"]): number[] {
  return (extra?.chunk_ms ?? "")
    .split(";")
    .filter((text) => text !== "")
    .map(Number);
}

/** Gaps between chunks of the requests whose chunks were recorded, ascending; empty where none were. */
export function chunkGapsMs({ requests }: Run): Float64Array {
  const gaps: number[] = [];
  for (const { extra, outputTokens } of requests) {
    const times = chunkTimesMs(extra);
    if (times.length !== outputTokens) continue;
    for (let at = 1; at < times.length; at++) gaps.push(times[at]! - times[at - 1]!);
  }
  return Float64Array.from(gaps).sort();
}

export const gapQuantiles = [0.5, 0.9, 0.95, 0.99] as const;

function sorted(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values.filter((value) => value !== null)).sort();
}
