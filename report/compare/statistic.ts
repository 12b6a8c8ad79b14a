/**
 * One statistic of the simulated run beside the same statistic of the real repeats: difference, relative error, spread
 * of the repeats, and whether the simulation lies inside the noise.
 */
import { mean, type Interval } from "../../sim/metrics/index.js";

/** inside: the simulation cannot be told from another real run. */
export type Verdict = "inside" | "outside";

/** repeats: sim within [min, max] of two or more repeats; bootstrap: one repeat, 0 within the error's interval. */
export type VerdictRule = "repeats" | "bootstrap";

/** A line of comparison.json. Null: could not be computed. */
export interface StatisticComparison {
  readonly metric: string;
  readonly stat: string;
  readonly unit: string;
  /** Requests (or batches) that the simulated number is made of. */
  readonly n: number;
  readonly sim: number | null;
  /** Mean over the repeats of the statistic. */
  readonly real: number | null;
  /** sim - real, in `unit`. */
  readonly difference: number | null;
  /** (sim - real) / real; null when real is 0. */
  readonly error_fraction: number | null;
  /** 95 % bootstrap interval of the error, from paired resampling of requests. */
  readonly ci95_fraction: Interval | null;
  /** [min, max] of the real repeats, where there are at least two. */
  readonly spread: Interval | null;
  readonly verdict: Verdict | null;
  readonly rule: VerdictRule | null;
  /** False when n is too small to show this percentile to people. */
  readonly shown: boolean;
}

/** What the statistic is called, and how sure one can be of it. */
export interface StatisticLabel {
  readonly metric: string;
  readonly stat: string;
  readonly unit: string;
  readonly n: number;
  readonly ci95?: Interval | null;
  readonly shown?: boolean;
}

/** Compares one statistic; `reals` has one value per repeat. */
export function compareStatistic(
  label: StatisticLabel,
  sim: number | null,
  reals: readonly (number | null)[],
): StatisticComparison {
  const { metric, stat, unit, n, ci95 = null, shown = true } = label;
  const values = reals.filter((value) => value !== null);
  const complete = sim !== null && values.length === reals.length && values.length > 0;
  const real = complete ? mean(values) : null;
  const spread: Interval | null = complete && values.length > 1 ? [Math.min(...values), Math.max(...values)] : null;
  return {
    metric,
    stat,
    unit,
    n,
    sim,
    real,
    difference: complete ? sim - real! : null,
    error_fraction: complete ? relativeError(sim, real!) : null,
    ci95_fraction: ci95,
    spread,
    ...judge(complete ? sim : null, spread, ci95),
    shown,
  };
}

/** (sim - real) / real, null when real is 0. */
export function relativeError(sim: number, real: number): number | null {
  return real === 0 ? null : (sim - real) / real;
}

function judge(
  sim: number | null,
  spread: Interval | null,
  ci95: Interval | null,
): { verdict: Verdict | null; rule: VerdictRule | null } {
  if (sim !== null && spread !== null) return { verdict: within(sim, spread), rule: "repeats" };
  if (sim !== null && ci95 !== null) return { verdict: within(0, ci95), rule: "bootstrap" };
  return { verdict: null, rule: null };
}

function within(value: number, [low, high]: Interval): Verdict {
  return low <= value && value <= high ? "inside" : "outside";
}
