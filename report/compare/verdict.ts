/**
 * Whether a simulated statistic agrees with the real one: one rule for the report, compare, validate and the accuracy page.
 *
 * The error, simulated over real less one, has an interval at LEVEL. The verdict asks where that interval lies: within the
 * tolerance (agrees), outside it entirely (differs), or neither (cannot tell). Half-widths are of the error's logarithm;
 * those of independent causes add up in squares:
 *  - how much identical real runs differ: Student's t on the repeats, sim over real where each repeat has a simulation of its
 *    own; for one scored run, t on other identical runs; failing these, what the simulation says that runs differ by;
 *  - of one real run, the requests it happened to have (bootstrap);
 *  - what the simulation leaves open: its own draws, and the calibration.
 * How it is derived, and why one real run alone never agrees: docs/metrics.md, "Comparing".
 */
import { mean, studentT, type Interval } from "../../sim/metrics/index.js";

/** Probability with which the interval holds the error. */
export const LEVEL = 0.9;

export const verdicts = ["agrees", "differs", "cannot tell"] as const;
export type Verdict = (typeof verdicts)[number];

/**
 * Where it is known from how much identical real runs differ; unknown: one real run, and a simulation that does not
 * say; disturbed: the real runs say little of the machine by itself.
 */
export type NoiseSource = "repeats" | "other runs" | "simulation" | "unknown" | "disturbed";

/** What the simulation says of its own value, as half-widths at LEVEL relative to it. */
export interface SimulationSpread {
  /** By how much one run differs from the next; 0: it does not say. */
  readonly run: number;
  /**
   * What is open about the value given, which may be a mean of many draws; "a run": it is one draw, as uncertain as a
   * real run.
   */
  readonly draws: number | "a run";
  /** What the calibration leaves open. */
  readonly calibration: number;
}

export interface Evidence {
  /** The statistic, simulated: one value, or one for each real run. */
  readonly sims: readonly number[];
  /** The same of the real runs that are scored; at least one. */
  readonly reals: readonly number[];
  /** Largest relative error that counts as agreement. */
  readonly tolerance: number;
  /** The same of further identical real runs, which are neither scored nor fitted to. */
  readonly others?: readonly number[] | undefined;
  /** Absent: the simulated value counts as exact. */
  readonly simulation?: SimulationSpread | undefined;
  /** Of one real run: interval of the error over its requests, at LEVEL. */
  readonly requests?: Interval | null | undefined;
  /**
   * Most of the scored runs were disturbed (real/validity.ts): they may agree, but if they do not, that says nothing.
   */
  readonly isDisturbed?: boolean;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly error: number;
  /** Of the error, at LEVEL. Where noise is unknown, of the requests alone. */
  readonly interval: Interval;
  readonly noise: NoiseSource;
  /**
   * Where it cannot be decided: real runs to add until it can, by today's spread; null: none up to MAX_RUNS would do.
   */
  readonly moreRepeats: number | null;
}

/** Nobody repeats a run more often. */
export const MAX_RUNS = 1000;

/**
 * Identical runs on one host have differed by a factor of 1.8 (GPT-2 on an H100, three runs of one load). An error
 * beyond this factor shows in a single real run; a smaller one does not.
 */
const ONE_RUN_FACTOR = 2;

/** Null where there is no relative error: a real or simulated mean that is not positive. */
export function judgeError(evidence: Evidence): Judgement | null {
  const { sims, reals, tolerance, simulation } = evidence;
  const [sim, real] = [mean(sims), mean(reals)];
  if (!(real > 0) || !(sim >= 0)) return null;
  const error = sim / real - 1;
  const noise = noiseOf(evidence, { sim, real });
  const { draws = 0, calibration = 0 } = simulation ?? {};
  const own = Math.hypot(draws === "a run" ? noise.ofRun : draws, calibration);
  const half = Math.hypot(noise.half, own);
  const isOfRequests = noise.source === "unknown" && own === 0 && evidence.requests != null;
  const interval: Interval = isOfRequests
    ? evidence.requests
    : [(1 + error) * Math.exp(-half) - 1, (1 + error) * Math.exp(half) - 1];
  const room = roomOf(error, tolerance);
  let verdict: Verdict = "cannot tell";
  if (interval[0] >= -tolerance && interval[1] <= tolerance) verdict = "agrees";
  else if (interval[0] > tolerance || interval[1] < -tolerance) verdict = "differs";
  if (evidence.isDisturbed === true && verdict !== "agrees") {
    return { verdict: "cannot tell", error, interval, noise: "disturbed", moreRepeats: null };
  }
  if (noise.source === "unknown") {
    const isFar = verdict === "differs" && room > Math.log(ONE_RUN_FACTOR);
    return {
      verdict: isFar ? "differs" : "cannot tell",
      error,
      interval,
      noise: "unknown",
      moreRepeats: isFar ? null : 1,
    };
  }
  const moreRepeats =
    verdict === "cannot tell" ? repeatsToTell(noise, Math.sqrt(Math.max(0, room ** 2 - own ** 2))) : null;
  return { verdict, error, interval, noise: noise.source, moreRepeats };
}

/** Half-width of the noise of the real side, spread of one run, and how many runs it is from. */
interface Noise {
  readonly source: NoiseSource;
  readonly half: number;
  /** The same of a single run. */
  readonly ofRun: number;
  /** Standard deviation of the logarithm of one run. */
  readonly spread: number;
  readonly runs: number;
}

function noiseOf(
  { sims, reals, others = [], simulation, requests }: Evidence,
  means: { sim: number; real: number },
): Noise {
  if (reals.length > 1) {
    // Differences of logarithms to first order, so that a zero among the values does no harm.
    const ratios = reals.map((value, run) => (sims[run] ?? sims[0]!) / (means.sim || 1) - value / means.real);
    const spread = deviation(ratios);
    const ofRun = studentT(LEVEL, reals.length - 1) * spread;
    return { source: "repeats", half: ofRun / Math.sqrt(reals.length), ofRun, spread, runs: reals.length };
  }
  const overRequests = requests == null ? 0 : halfOf(requests);
  if (others.length > 1) {
    const spread = deviation(others) / mean(others);
    const ofRun = studentT(LEVEL, others.length - 1) * spread;
    return { source: "other runs", half: ofRun, ofRun, spread, runs: others.length + 1 };
  }
  const run = simulation?.run ?? 0;
  if (run === 0) return { source: "unknown", half: overRequests, ofRun: 0, spread: 0, runs: 1 };
  return { source: "simulation", half: Math.hypot(run, overRequests), ofRun: run, spread: run / NORMAL, runs: 1 };
}

/** Half-width of a normal distribution at LEVEL, in standard deviations. */
const NORMAL = 1.645;

/** Half the width of an interval of the error, as of its logarithm. */
function halfOf([low, high]: Interval): number {
  return low <= -1 ? Math.log1p(high) - Math.log(Number.EPSILON) : (Math.log1p(high) - Math.log1p(low)) / 2;
}

/** From the error to the nearer edge of the tolerance, in the logarithm. */
function roomOf(error: number, tolerance: number): number {
  const [low, high] = [tolerance < 1 ? Math.log1p(-tolerance) : -Infinity, Math.log1p(tolerance)];
  const at = Math.log1p(error);
  return Math.min(Math.abs(at - low), Math.abs(high - at));
}

/** The fewest runs whose mean is known to `half`, less those that there are. */
function repeatsToTell({ spread, runs }: Noise, half: number): number | null {
  const isTold = (count: number): boolean => (studentT(LEVEL, count - 1) * spread) / Math.sqrt(count) <= half;
  if (half <= 0 || !isTold(MAX_RUNS)) return null;
  // The half-width falls with every run added.
  let [few, many] = [runs, MAX_RUNS];
  while (many - few > 1) {
    const middle = (few + many) >> 1;
    if (isTold(middle)) many = middle;
    else few = middle;
  }
  return many - runs;
}

/** Standard deviation, divided by n - 1. */
function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}
