/**
 * Traces whose times were rounded to a period before they were published (Mooncake's to 3 s, give or take a millisecond;
 * BurstGPT's to 1 s): finding that out, and spreading the requests of a bin over it again.
 */
import type { WorkloadRequest } from "../../formats/index.js";
import { stream } from "../kernel/index.js";

export interface Binning {
  /** Arrival times lie at multiples of this from each other, to a hundredth of it. */
  readonly periodNs: number;
  /** Requests that share their arrival time with another. */
  readonly tiedRequests: number;
  /** Different arrival times. */
  readonly bins: number;
}

/** Fewer different times say nothing about a period. */
const MIN_BINS = 10;
/** Below this share of ties, equal times are chance, or bursts. */
const MIN_TIED_SHARE = 0.2;
/** Share of the gaps between different times that must be multiples of the period, and how nearly. */
const MIN_REGULAR_SHARE = 0.95;
const TOLERANCE = 0.01;
/** Finer than this is a clock's resolution, not a bin. */
const MIN_PERIOD_NS = 1e6;

/** The binning of requests in order of arrival; undefined when there is none, or too little to tell. */
export function findBinning(requests: readonly WorkloadRequest[]): Binning | undefined {
  const timesNs: number[] = [];
  let tiedRequests = 0;
  for (let first = 0; first < requests.length;) {
    const end = endOfBin(requests, first);
    timesNs.push(requests[first]!.arrivalNs ?? 0);
    if (end - first > 1) tiedRequests += end - first;
    first = end;
  }
  const bins = timesNs.length;
  if (bins < MIN_BINS || tiedRequests < MIN_TIED_SHARE * requests.length) return undefined;
  const gapsNs = Float64Array.from(timesNs.slice(1), (timeNs, at) => timeNs - timesNs[at]!).sort();
  const periodNs = shortestGap(gapsNs);
  const regular = gapsNs.filter((gapNs) => {
    const steps = Math.max(1, Math.round(gapNs / periodNs));
    return Math.abs(gapNs - steps * periodNs) <= TOLERANCE * periodNs;
  });
  const isBinned = periodNs >= MIN_PERIOD_NS && regular.length >= MIN_REGULAR_SHARE * gapsNs.length;
  return isBinned ? { periodNs, tiedRequests, bins } : undefined;
}

/** The usual gap between neighbouring bins: the median of those near the 5 % quantile; times may jitter. */
function shortestGap(ascendingNs: Float64Array): number {
  const lowNs = ascendingNs[Math.floor(0.05 * (ascendingNs.length - 1))]!;
  const near = ascendingNs.filter((gapNs) => gapNs >= 0.75 * lowNs && gapNs <= 1.25 * lowNs);
  return near[near.length >>> 1]!;
}

/**
 * The requests of each time spread over the period from it, or to the next time if that is sooner: `even` at equal
 * distances, `uniform` at random. Requests stay in their order.
 */
export function unbinned(
  requests: readonly WorkloadRequest[],
  periodNs: number,
  how: "even" | "uniform",
  seed: string,
): WorkloadRequest[] {
  const random = stream(`${seed}/0/unbin`);
  const spread: WorkloadRequest[] = [];
  for (let first = 0; first < requests.length;) {
    const end = endOfBin(requests, first);
    const count = end - first;
    const shares =
      how === "even"
        ? Array.from({ length: count }, (_, at) => at / count)
        : Array.from({ length: count }, random).sort((a, b) => a - b);
    const timeNs = requests[first]!.arrivalNs ?? 0;
    const widthNs = Math.min(periodNs, (requests[end]?.arrivalNs ?? Infinity) - timeNs);
    shares.forEach((share, at) => {
      spread.push({ ...requests[first + at]!, arrivalNs: timeNs + Math.floor(share * widthNs) });
    });
    first = end;
  }
  return spread;
}

function endOfBin(requests: readonly WorkloadRequest[], first: number): number {
  let end = first + 1;
  while (end < requests.length && requests[end]!.arrivalNs === requests[first]!.arrivalNs) end++;
  return end;
}
