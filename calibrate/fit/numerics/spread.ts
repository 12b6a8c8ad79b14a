/** Statistics of measured times: means that a few stalls do not own, ratios about a fitted line. */
import type { Variation } from "../../../formats/index.js";
import { mean } from "../../../sim/index.js";
import { censoredQuantiles, keptProbabilities } from "./censored-quantiles.js";

/** base + slope x requests, neither negative. */
export interface Growth {
  readonly baseNs: number;
  readonly requestNs: number;
}

interface Point {
  readonly requests: number;
  readonly ns: number;
}

/** Least squares line through the points; its slope is 0 where requests do not vary. */
export function growthOf(points: readonly Point[]): Growth {
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

/** A slope of fewer standard errors is noise. */
const SIGNIFICANT = 3;
/** Fewer do not tell how values vary. */
const MIN_RATIOS = 50;

/** The line of growthOf; level where its slope may be noise. */
export function significantGrowth(points: readonly Point[]): Growth {
  const line = growthOf(points);
  if (line.requestNs === 0 || points.length < 3) return line;
  const meanX = mean(points.map(({ requests }) => requests));
  let [xx, rest] = [0, 0];
  for (const { requests, ns } of points) {
    xx += (requests - meanX) ** 2;
    rest += (ns - line.baseNs - line.requestNs * requests) ** 2;
  }
  const errorNs = Math.sqrt(rest / (points.length - 2) / xx);
  return line.requestNs > SIGNIFICANT * errorNs ? line : { baseNs: mean(points.map(({ ns }) => ns)), requestNs: 0 };
}

/** How values vary about 1; undefined when there are too few to tell. */
export function variationOf(ratios: readonly number[]): Variation | undefined {
  if (ratios.length < MIN_RATIOS) return undefined;
  return { quantiles: rounded(censoredQuantiles(ratios.map((value) => ({ value, isExact: true })))!) };
}

/** As many digits as profiles have. */
export function rounded(quantiles: readonly (readonly [number, number])[]): [number, number][] {
  return quantiles.map(([p, ratio]) => [Number(p.toPrecision(6)), Number(ratio.toPrecision(5))]);
}

/** Quantiles of values that count by their weights, at the probabilities that profiles keep. */
export function weightedQuantiles(values: readonly number[], weights: readonly number[]): [number, number][] {
  const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const quantiles: [number, number][] = [];
  let [next, below] = [0, 0];
  for (const p of keptProbabilities()) {
    while (next < order.length - 1 && below + weights[order[next]!]! < p * total) below += weights[order[next++]!]!;
    quantiles.push([p, values[order[next]!]!]);
  }
  return rounded(quantiles);
}
