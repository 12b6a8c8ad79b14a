/**
 * One statistic of the simulation beside the same statistic of the real repeats: difference, relative error with its
 * interval, spread of the repeats, and the verdict.
 */
import { greatest, least } from "../../formats/index.js";
import { mean, type Interval } from "../../sim/metrics/index.js";
import { widest, type SimulatedValue } from "./simulated-value.js";
import { judgeError, type NoiseSource, type Verdict } from "./verdict.js";

/** A line of comparison.json. Null: could not be computed. */
export interface StatisticComparison {
  readonly metric: string;
  readonly stat: string;
  readonly unit: string;
  /** Requests (or batches) that the simulated number is made of. */
  readonly n: number;
  /** Mean over the simulations, where each real repeat has its own. */
  readonly sim: number | null;
  /** Mean over the repeats of the statistic. */
  readonly real: number | null;
  /** sim - real, in `unit`. */
  readonly difference: number | null;
  /** (sim - real) / real; null when real is 0. */
  readonly error_fraction: number | null;
  /** Of the error, at the comparison's level; what it holds: `noise`. */
  readonly interval_fraction: Interval | null;
  /** Error that counts as agreement. */
  readonly tolerance_fraction: number;
  /** [min, max] of the real repeats, where there are at least two. */
  readonly spread: Interval | null;
  readonly verdict: Verdict | null;
  /** Where it is known from how much identical real runs differ. */
  readonly noise: NoiseSource | null;
  /** Of a verdict "cannot tell": real repeats to add until it can be decided; null: no number would do. */
  readonly more_repeats: number | null;
  /** False when n is too small to show this percentile to people. */
  readonly shown: boolean;
}

/** Tolerance, a fraction, of a statistic such as ("e2el", "p95"); of a whole run ("duration", "run"). */
export type ToleranceOf = (metric: string, stat: string) => number;

/** How all statistics of a comparison are judged. */
export interface Judging {
  readonly toleranceOf: ToleranceOf;
  /** Most of the real runs were disturbed. */
  readonly isDisturbed: boolean;
}

/** The statistic's name, the error it may have, and how certain it is. */
export interface StatisticLabel {
  readonly metric: string;
  readonly stat: string;
  readonly unit: string;
  readonly n: number;
  readonly tolerance: number;
  readonly isDisturbed: boolean;
  /** Interval of the error over the requests, for a single real run. */
  readonly requests?: Interval | null;
  readonly shown?: boolean;
}

/** Compares one statistic; `sims` has one value, or one for each of `reals`. */
export function compareStatistic(
  label: StatisticLabel,
  sims: readonly (SimulatedValue | null)[],
  reals: readonly (number | null)[],
): StatisticComparison {
  const { metric, stat, unit, n, tolerance, isDisturbed, requests, shown = true } = label;
  const simulated = sims.filter((value) => value !== null);
  const values = reals.filter((value) => value !== null);
  const sim = simulated.length === sims.length && sims.length > 0 ? mean(simulated.map(({ value }) => value)) : null;
  const isComplete = sim !== null && values.length === reals.length && values.length > 0;
  const real = isComplete ? mean(values) : null;
  const judged = isComplete
    ? judgeError({
        sims: simulated.map(({ value }) => value),
        reals: values,
        tolerance,
        isDisturbed,
        simulation: widest(simulated.map(({ spread }) => spread)),
        requests,
      })
    : null;
  return {
    metric,
    stat,
    unit,
    n,
    sim,
    real,
    difference: isComplete ? sim - real! : null,
    error_fraction: isComplete ? relativeError(sim, real!) : null,
    interval_fraction: judged?.interval ?? null,
    tolerance_fraction: tolerance,
    spread: isComplete && values.length > 1 ? [least(values), greatest(values)] : null,
    verdict: judged?.verdict ?? null,
    noise: judged?.noise ?? null,
    more_repeats: judged?.moreRepeats ?? null,
    shown,
  };
}

/** (sim - real) / real, null when real is 0. */
export function relativeError(sim: number, real: number): number | null {
  return real === 0 ? null : (sim - real) / real;
}
