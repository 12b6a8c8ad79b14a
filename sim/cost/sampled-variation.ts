/** Draws of a time relative to its mean, from measured quantiles. */
import type { EngineJitter, Variation } from "../../formats/index.js";
import { normal, type Random } from "../kernel/index.js";
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
  private readonly states: readonly { readonly weight: number; readonly level: SlowLevel }[];
  /** What of the variance of a score is its own. */
  private readonly ownShare: number;

  /** `interruptedShare`: of times, the longest, which come at any moment whatever the states. */
  constructor(
    states: EngineJitter["host_states"],
    random: Random,
    private readonly interruptedShare = 0,
  ) {
    this.states = states.map(({ share, memory_ns }) => ({
      weight: Math.sqrt(share),
      level: new SlowLevel(memory_ns, random),
    }));
    this.ownShare = Math.max(0, 1 - states.reduce((sum, { share }) => sum + share, 0));
  }

  /**
   * Uniform numbers, of which those near in time resemble each other and those of the other names, but for those of the
   * interrupted.
   */
  uniform(random: Random): (atNs: number) => number {
    const ownWeight = Math.sqrt(this.ownShare);
    const interrupted = this.interruptedShare;
    return (atNs) => {
      let score = ownWeight * normal(random);
      for (const { weight, level } of this.states) score += weight * level.at(atNs);
      if (interrupted === 0) return normalProbability(score);
      const place = random();
      return place < interrupted ? 1 - place : (1 - interrupted) * normalProbability(score);
    };
  }
}

/** Cells in a level's memory, and cells after which it has forgotten all. */
const CELLS = 50;
const FORGOTTEN = 20 * CELLS;

/**
 * An Ornstein-Uhlenbeck process on cells of time, so that its path hangs on the seed and not on who asks when, but for
 * spells longer than it remembers, which are skipped. Two processes ask, the clock of one a little ahead of the other's:
 * a time before the last cell is taken to be in it.
 */
class SlowLevel {
  private value: number;
  private cell = 0;
  private readonly kept = Math.exp(-1 / CELLS);
  private readonly fresh = Math.sqrt(1 - this.kept * this.kept);

  constructor(
    private readonly memoryNs: number,
    private readonly random: Random,
  ) {
    this.value = normal(random);
  }

  at(atNs: number): number {
    const cell = Math.floor((atNs / this.memoryNs) * CELLS);
    this.cell = Math.max(this.cell, cell - FORGOTTEN);
    for (; this.cell < cell; this.cell++) this.value = this.kept * this.value + this.fresh * normal(this.random);
    return this.value;
  }
}

/** Standard normal distribution function; absolute error below 1e-7 (Abramowitz and Stegun 26.2.17). */
export function normalProbability(score: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(score));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = (Math.exp((-score * score) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return score >= 0 ? 1 - upper : upper;
}
