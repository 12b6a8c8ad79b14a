/** Statistics of measured times: means that a few stalls do not own, ratios about a fitted line. */
import type { Variation } from "../../formats/index.js";
import { quantile } from "../../sim/index.js";
import { censoredQuantiles, type Sighting } from "./censored-quantiles.js";

/** base + slope x requests, neither negative. */
export interface Growth {
  readonly baseNs: number;
  readonly requestNs: number;
}

/** Least squares line through (requests, ns); its slope is 0 where requests do not vary. */
export function growthOf(points: readonly { readonly requests: number; readonly ns: number }[]): Growth {
  if (points.length === 0) return { baseNs: 0, requestNs: 0 };
  const meanX = mean(points.map(({ requests }) => requests));
  const meanY = mean(points.map(({ ns }) => ns));
  let [xx, xy] = [0, 0];
  for (const { requests, ns } of points) {
    xx += (requests - meanX) ** 2;
    xy += (requests - meanX) * (ns - meanY);
  }
  const slope = xx > 0 ? Math.max(0, xy / xx) : 0;
  const baseNs = meanY - slope * meanX;
  return baseNs >= 0 ? { baseNs, requestNs: slope } : { baseNs: 0, requestNs: meanX > 0 ? meanY / meanX : 0 };
}

/** How values vary about 1; undefined when there are too few to tell. */
export function variationOf(ratios: readonly number[], least = 50): Variation | undefined {
  const sightings = ratios.map((value): Sighting => ({ value, isExact: true }));
  const quantiles = ratios.length < least ? undefined : censoredQuantiles(sightings);
  if (quantiles === undefined) return undefined;
  return { quantiles: rounded(quantiles) };
}

export function rounded(quantiles: readonly (readonly [number, number])[]): [number, number][] {
  return quantiles.map(([p, ratio]) => [Number(p.toPrecision(6)), Number(ratio.toPrecision(5))]);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function quantileOfValues(values: readonly number[], p: number): number {
  return quantile(Float64Array.from(values).sort(), p);
}
