/**
 * The rate at which a server that is kept full serves, from its requests. Start-up and drain are cut off, and a request
 * counts by the share of its service that lies in the stretch looked at, so that little depends on where the cuts are; and
 * a long one counts for more than a short one, so that little depends on which of the mix happen to lie between them.
 */
import type { RequestRecord } from "../../formats/index.js";

/** Stretches of equal length whose rates are compared. */
const STRETCHES = 10;
/** Student's t for a two-sided 95 % interval of as many values. */
const T_95 = 2.262;

export interface SteadyRate {
  readonly requestsPerS: number;
  /** Half of the 95 % interval, as a fraction of the rate. */
  readonly halfWidth: number;
  /** Mean time from scheduled to last token, s. */
  readonly serviceS: number;
}

interface Cuts {
  /** Requests that end before the first cut, and that are left to end after the last one. */
  readonly first: number;
  readonly last: number;
}

/**
 * `weight`: what a request counts for by its lengths, 1 on average over the mix. Undefined where too few requests end
 * between the cuts to say anything.
 */
export function steadyRate(
  requests: readonly RequestRecord[],
  { first, last }: Cuts,
  weight: (request: RequestRecord) => number,
): SteadyRate | undefined {
  const served = requests.filter(({ status }) => status === "ok");
  const endsNs = Float64Array.from(served, ({ lastTokenNs }) => lastTokenNs!).sort();
  const fromNs = endsNs[first];
  const toNs = endsNs[endsNs.length - 1 - last];
  if (fromNs === undefined || toNs === undefined || toNs <= fromNs) return undefined;
  const counts = new Float64Array(STRETCHES);
  const stretchNs = (toNs - fromNs) / STRETCHES;
  let serviceNs = 0;
  for (const request of served) {
    const { scheduledNs, lastTokenNs } = request;
    const counted = weight(request);
    const startNs = scheduledNs!;
    const endNs = lastTokenNs!;
    serviceNs += endNs - startNs;
    const from = Math.max(0, Math.floor((startNs - fromNs) / stretchNs));
    const to = Math.min(STRETCHES - 1, Math.floor((endNs - fromNs) / stretchNs));
    for (let at = from; at <= to; at++) {
      const inNs = Math.min(endNs, fromNs + (at + 1) * stretchNs) - Math.max(startNs, fromNs + at * stretchNs);
      counts[at] = counts[at]! + counted * (endNs > startNs ? Math.max(0, inNs) / (endNs - startNs) : 1);
    }
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / STRETCHES;
  if (mean === 0) return undefined;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (STRETCHES - 1));
  return {
    requestsPerS: (mean * 1e9) / stretchNs,
    halfWidth: (T_95 * deviation) / Math.sqrt(STRETCHES) / mean,
    serviceS: serviceNs / served.length / 1e9,
  };
}
