/** Draws of a time relative to its mean, from measured quantiles. */
import type { EngineJitter, Variation } from "../../formats/index.js";
import { normal, type Random } from "../kernel/index.js";
import { HostLevel } from "./host-level.js";
import { piecewiseLinear } from "./piecewise-linear.js";

/** Factors of mean 1, by a uniform number. */
export function variationFactor({ quantiles }: Variation): (uniform: number) => number {
  const meanRatio = meanOf(quantiles);
  return (uniform) => piecewiseLinear(quantiles, uniform) / meanRatio;
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

/**
 * How slow the host is at a moment, a normal score: the sum of its states. Times that differ with it keep the quantiles
 * they have and become alike when near in time (a Gaussian copula).
 */
export class HostStates {
  private readonly states: readonly { readonly weight: number; readonly level: HostLevel }[];
  /** What of the variance of a score is its own. */
  private readonly ownShare: number;

  /**
   * The states' paths are drawn from the streams `${name}/...`. `interruptedShare`: of times, the longest, which come at
   * any moment whatever the states.
   */
  constructor(
    states: EngineJitter["host_states"],
    name: string,
    private readonly interruptedShare = 0,
  ) {
    this.states = states.map(({ share, memory_ns }, number) => ({
      weight: Math.sqrt(share),
      level: new HostLevel(memory_ns, `${name}/${number}`),
    }));
    this.ownShare = Math.max(0, 1 - states.reduce((sum, { share }) => sum + share, 0));
  }

  /** The normal score of the states alone. */
  scoreAt(atNs: number): number {
    let score = 0;
    for (const { weight, level } of this.states) score += weight * level.at(atNs);
    return score;
  }

  /**
   * Uniform numbers, of which those near in time resemble each other and those of the other names, but for those of the
   * interrupted.
   */
  uniform(random: Random): (atNs: number) => number {
    const ownWeight = Math.sqrt(this.ownShare);
    const interrupted = this.interruptedShare;
    return (atNs) => {
      const score = ownWeight * normal(random) + this.scoreAt(atNs);
      if (interrupted === 0) return normalProbability(score);
      const place = random();
      return place < interrupted ? 1 - place : (1 - interrupted) * normalProbability(score);
    };
  }
}

/** Standard normal distribution function; absolute error below 1e-7 (Abramowitz and Stegun 26.2.17). */
export function normalProbability(score: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(score));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = (Math.exp((-score * score) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return score >= 0 ? 1 - upper : upper;
}
