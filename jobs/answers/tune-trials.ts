/**
 * Candidates tried on common random numbers: the value of each replication, what it is worth, and differences in pairs.
 */
import { mean, sampleDeviation, studentT } from "../../sim/index.js";
import type { Crew } from "./crew.js";
import type { Deployment, Point } from "./deployment.js";
import type { DetailedProbe } from "./probe.js";
import type { DetailTask, EdgeTask } from "./tasks.js";
import { changedBy, type Settings } from "./tune-space.js";
import type { TuneGoal } from "./tune-goal.js";

export interface Trial {
  readonly changes: Settings;
  /** By replication, in the goal's unit; 0 where no rate meets the goals. */
  readonly values: readonly number[];
  /** By replication: lower is better, on a logarithm; the farther a limit is missed, the worse. */
  readonly scores: readonly number[];
  /** Replications that miss a limit, or have no rate that meets it. */
  readonly missed: number;
  /** By replication; absent where the value is an edge. */
  readonly probes?: readonly DetailedProbe[];
}

export interface TrialInput {
  readonly deployment: Deployment;
  readonly goal: TuneGoal;
  readonly draws: readonly Pick<Point, "seed" | "draw">[];
  readonly count: number;
  /** Of rates: where the edge may be. */
  readonly edge?: { readonly start: number; readonly least: number; readonly most: number } | undefined;
}

const EDGE = { step: 1.2, tolerance: 0.02 };
/** What the logarithm of a missed limit's ratio counts for. */
const PENALTY = 3;
const LEAST = 1e-9;
/** Settings that leave requests without an answer miss more than any limit does, though what they answer may be fast. */
const UNANSWERED = 1e6;

export async function tryAll(
  crew: Crew,
  candidates: readonly Settings[],
  input: TrialInput,
  what: string,
): Promise<Trial[]> {
  const { deployment, draws, count, edge } = input;
  const each = draws.length;
  const points = candidates.flatMap((changes) => draws.map((draw) => ({ changes, point: { ...draw, count } })));
  if (edge !== undefined) {
    const found = await crew.edges(
      points.map(({ changes, point }): EdgeTask => ({ kind: "edge", point, options: { ...EDGE, ...edge }, changes: onlyPolicy(deployment, changes) })), // prettier-ignore
      what,
    );
    return candidates.map((changes, at) => {
      const values = found.slice(at * each, (at + 1) * each).map((one) => one.edge);
      const missed = values.filter((value) => value === 0).length;
      return { changes, values, missed, scores: values.map((value) => -Math.log(Math.max(LEAST, value))) };
    });
  }
  const probes = await crew.details(
    points.map(({ changes, point }): DetailTask => ({ kind: "detail", point: { ...point, x: deployment.replicas }, changes: onlyPolicy(deployment, changes) })), // prettier-ignore
    what,
  );
  return candidates.map((changes, at) => trialOf(changes, probes.slice(at * each, (at + 1) * each), input.goal));
}

function onlyPolicy(deployment: Deployment, changes: Settings): Pick<Deployment, "policy"> {
  return { policy: changedBy(deployment, changes).policy };
}

function trialOf(changes: Settings, probes: readonly DetailedProbe[], goal: TuneGoal): Trial {
  const values = probes.map((probe) => valueOf(probe, goal));
  const ratios = probes.map(({ goals }) =>
    goals.reduce((most, one) => {
      if (one.isUnanswered === true) return Math.max(most, UNANSWERED);
      return one.name === goal.name ? most : Math.max(most, one.ratio);
    }, 0),
  );
  const scores = values.map((value, at) => {
    const score = Math.log(Math.max(LEAST, value)) * (goal.isMost ? -1 : 1);
    return score + PENALTY * Math.log(Math.max(1, ratios[at]!));
  });
  return { changes, values, scores, missed: ratios.filter((ratio) => ratio > 1).length, probes };
}

function valueOf({ goals, statistics }: DetailedProbe, { name }: TuneGoal): number {
  const { value } = goals.find((one) => one.name === name)!;
  // Where nothing is answered there is no throughput.
  return name === "goodput" ? value * (statistics.request_throughput ?? 0) : value;
}

/** Share of the replications that may miss a limit. */
const MAY_MISS = 0.15;

/** Whether it misses a limit in more replications than it may. */
export function isMissed({ missed, scores }: Trial): boolean {
  return missed > MAY_MISS * scores.length;
}

/** Puts the better of two first, however small the difference. */
export function rankOf(trial: Trial): number {
  return mean(trial.scores) + (isMissed(trial) ? AFTER_ALL : 0);
}

const AFTER_ALL = 1e3;

export interface Difference {
  /** Mean of score of the first less the second's: below 0, the first is better. */
  readonly mean: number;
  /** Interval of that mean at 95 %. */
  readonly low: number;
  readonly high: number;
}

/** Interval's two-sided level. */
const LEVEL = 0.95;

/** In pairs on the same random numbers. */
export function difference(a: Trial, b: Trial): Difference {
  return pairedDifference(a.scores, b.scores);
}

export function pairedDifference(a: readonly number[], b: readonly number[]): Difference {
  const n = Math.min(a.length, b.length);
  const each = Array.from({ length: n }, (_, at) => a[at]! - b[at]!);
  const middle = mean(each);
  if (n < 2) return { mean: middle, low: -Infinity, high: Infinity };
  const reach = (studentT(LEVEL, n - 1) * sampleDeviation(each)) / Math.sqrt(n);
  return { mean: middle, low: middle - reach, high: middle + reach };
}

/** The least that counts as a difference, of a logarithm: half a percent. */
const NOTICEABLE = 0.005;

/**
 * Whether pairs show that `a` is better; where only one misses limits, by two replications or more, it is the worse.
 */
export function isBetter(a: Trial, b: Trial): boolean {
  if (isMissed(a) !== isMissed(b) && Math.abs(a.missed - b.missed) > 1) return isMissed(b);
  return difference(a, b).high < -NOTICEABLE;
}
