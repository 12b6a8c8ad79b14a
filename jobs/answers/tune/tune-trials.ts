/** Candidates tried on common random numbers: the value of each replication, what it is worth, and differences in pairs. */
import { greatest } from "../../../formats/index.js";
import { mean } from "../../../sim/index.js";
import { meanInterval } from "../parts/index.js";
import type { Deployment, DetailedProbe, Replication } from "../run/index.js";
import type { Crew } from "../search/index.js";
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
  readonly draws: readonly Pick<Replication, "seed" | "draw">[];
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
  { deployment, goal, draws, count, edge }: TrialInput,
  what: string,
): Promise<Trial[]> {
  const tasks = candidates.flatMap((settings) => {
    const changes = { policy: changedBy(deployment, settings).policy };
    return draws.map(({ seed, draw }) => ({ point: { seed, draw, count, x: deployment.replicas }, changes }));
  });
  if (edge !== undefined) {
    const options = { ...EDGE, ...edge };
    const edges = await crew.run(
      "edge",
      tasks.map((task) => ({ ...task, options })),
      what,
    );
    return candidates.map((changes) => rateTrial(changes, edges.splice(0, draws.length).map((found) => found.edge))); // prettier-ignore
  }
  const probes = await crew.run("detail", tasks, what);
  return candidates.map((changes) => probedTrial(changes, probes.splice(0, draws.length), goal));
}

function rateTrial(changes: Settings, values: readonly number[]): Trial {
  const missed = values.filter((value) => value === 0).length;
  return { changes, values, missed, scores: values.map((value) => -Math.log(Math.max(LEAST, value))) };
}

function probedTrial(changes: Settings, probes: readonly DetailedProbe[], goal: TuneGoal): Trial {
  const values = probes.map((probe) => valueOf(probe, goal));
  const ratios = probes.map(({ goals }) =>
    greatest([
      0,
      ...goals.flatMap(({ name, ratio, isUnanswered }) => {
        if (isUnanswered === true) return [UNANSWERED];
        return name === goal.name ? [] : [ratio];
      }),
    ]),
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

/** Rank of settings that miss a limit: after all that do not. */
const AFTER_ALL = 1e3;

/** Puts the better of two first, however small the difference. */
export function rankOf(trial: Trial): number {
  return mean(trial.scores) + (isMissed(trial) ? AFTER_ALL : 0);
}

/** Level of the intervals of differences. */
const LEVEL = 0.95;

/** The mean of `a` less `b`, in pairs on the same random numbers, with its interval. */
export function pairedDifference(a: readonly number[], b: readonly number[]): ReturnType<typeof meanInterval> {
  const pairs = a.slice(0, b.length).map((value, at) => value - b[at]!);
  return meanInterval(pairs, LEVEL);
}

/** The least that counts as a difference, of a logarithm: half a percent. */
const NOTICEABLE = 0.005;

/** Whether pairs show that scores of `a` are lower than those of `b`. */
export function isSurelyLower(a: readonly number[], b: readonly number[]): boolean {
  return pairedDifference(a, b).high < -NOTICEABLE;
}

/** Whether pairs show that `a` is better; where only one misses limits, by two replications or more, it is the worse. */
export function isBetter(a: Trial, b: Trial): boolean {
  if (isMissed(a) !== isMissed(b) && Math.abs(a.missed - b.missed) > 1) return isMissed(b);
  return isSurelyLower(a.scores, b.scores);
}
