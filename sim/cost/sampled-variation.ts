/** Draws of a time relative to its mean, from measured quantiles. */
import type { EngineJitter, Variation } from "../../formats/index.js";
import { normal, type Random } from "../kernel/index.js";

/** Factors of mean 1, by a uniform number. */
export function variationFactor({ quantiles }: Variation): (uniform: number) => number {
  const meanRatio = meanOf(quantiles);
  return (uniform) => ratioAt(quantiles, uniform) / meanRatio;
}

/** Mean of a distribution whose quantile function is linear between the given points. */
export function meanOf(quantiles: Variation["quantiles"]): number {
  let mean = 0;
  for (let at = 1; at < quantiles.length; at++) {
    const [[lowP, low], [highP, high]] = [quantiles[at - 1]!, quantiles[at]!];
    mean += ((highP - lowP) * (low + high)) / 2;
  }
  return mean > 0 ? mean : 1;
}

function ratioAt(quantiles: Variation["quantiles"], p: number): number {
  let [low, high] = [0, quantiles.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (quantiles[middle]![0] <= p) low = middle;
    else high = middle;
  }
  const [[lowP, lowRatio], [highP, highRatio]] = [quantiles[low]!, quantiles[high]!];
  return highP === lowP ? highRatio : lowRatio + ((highRatio - lowRatio) * (p - lowP)) / (highP - lowP);
}

/**
 * Uniform numbers of which those near in time resemble each other: their normal scores share the states of the host,
 * Ornstein-Uhlenbeck processes (a Gaussian copula, which leaves the quantiles of what is drawn with them as they are).
 * Times do not go back.
 */
export function hostUniform(states: EngineJitter["host_states"], random: Random): (atNs: number) => number {
  const levels = states.map(() => normal(random));
  const own = Math.sqrt(Math.max(0, 1 - states.reduce((sum, { share }) => sum + share, 0)));
  let sinceNs = 0;
  return (atNs) => {
    let score = own * normal(random);
    states.forEach(({ share, memory_ns: memoryNs }, at) => {
      const kept = Math.exp(-(atNs - sinceNs) / memoryNs);
      levels[at] = kept * levels[at]! + Math.sqrt(1 - kept * kept) * normal(random);
      score += Math.sqrt(share) * levels[at];
    });
    sinceNs = atNs;
    return normalProbability(score);
  };
}

/** Standard normal distribution function; absolute error below 1e-7 (Abramowitz and Stegun 26.2.17). */
export function normalProbability(score: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(score));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = (Math.exp((-score * score) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return score >= 0 ? 1 - upper : upper;
}
