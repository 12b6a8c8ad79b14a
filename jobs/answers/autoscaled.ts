/** A load under a reactive autoscaler: whether the goals hold, in how many minutes they do not, and what it takes in replica-hours. */
import type { AutoscalePlan, RequestColumns } from "../../formats/index.js";
import { attainmentOf, mean, predictionInterval, simulateOutcome, type Fleet, type FleetState } from "../../sim/index.js"; // prettier-ignore
import type { Crew } from "./crew.js";
import { inputAt, type Deployment, type Point } from "./deployment.js";
import { probeOf } from "./probe.js";
import type { AutoscaleTask } from "./tasks.js";

/** Of one replication. */
export interface AutoscaledRun {
  /** The worst goal, over its limit. */
  readonly ratio: number;
  readonly goals: Readonly<Record<string, number>>;
  readonly attainment: number;
  readonly minutes: number;
  readonly minutesOutside: number;
  readonly replicaHours: number;
  readonly peak: number;
  readonly states: readonly FleetState[];
}

export interface Range {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Autoscaled {
  readonly plan: AutoscalePlan;
  /** Share of the replications that meet the goals. */
  readonly metShare: number;
  readonly attainment: Range;
  readonly minutes: number;
  readonly minutesOutside: Range;
  readonly replicaHours: Range;
  readonly meanReplicas: number;
  readonly peak: number;
  /** Means of the limited statistics. */
  readonly goals: Readonly<Record<string, number>>;
  /** Of the first replication. */
  readonly states: readonly FleetState[];
}

export function autoscaledRun(deployment: Deployment, point: Omit<Point, "x">): AutoscaledRun {
  const { initial = 1 } = deployment.autoscale!;
  const at = { ...point, x: initial };
  const input = inputAt(deployment, at);
  const outcome = simulateOutcome(input);
  const { goals, worst } = probeOf(deployment, at, { outcome, workload: input.workload });
  const { share, minutes, minutesOutside } = attainmentOf(outcome.table, deployment.goals);
  const { members, states } = outcome.fleet!;
  return {
    ratio: worst.ratio,
    goals: Object.fromEntries(goals.map(({ name, value }) => [name, value])),
    attainment: share,
    minutes,
    minutesOutside,
    replicaHours: replicaHours(members, endNsOf(outcome.table)),
    peak: states.reduce((most, { serving }) => Math.max(most, serving), 0),
    states,
  };
}

export async function findAutoscaled(
  crew: Crew,
  plan: AutoscalePlan,
  draws: readonly Omit<Point, "x">[],
): Promise<Autoscaled> {
  const runs = await crew.autoscaled(
    draws.map((point): AutoscaleTask => ({ kind: "autoscale", point, changes: { autoscale: plan } })),
    "with the autoscaler",
  );
  const meanOf = (value: (run: AutoscaledRun) => number): number => mean(runs.map(value));
  const first = runs[0]!;
  const hours = first.minutes / 60;
  return {
    plan,
    metShare: meanOf(({ ratio }) => (ratio <= 1 ? 1 : 0)),
    attainment: rangeOf(runs.map(({ attainment }) => attainment), 1), // prettier-ignore
    minutes: first.minutes,
    minutesOutside: rangeOf(runs.map(({ minutesOutside }) => minutesOutside), first.minutes), // prettier-ignore
    replicaHours: rangeOf(runs.map((run) => run.replicaHours), Infinity), // prettier-ignore
    meanReplicas: hours === 0 ? 0 : meanOf((run) => run.replicaHours) / hours,
    peak: runs.reduce((most, { peak }) => Math.max(most, peak), 0),
    goals: Object.fromEntries(Object.keys(first.goals).map((name) => [name, meanOf(({ goals }) => goals[name]!)])),
    states: first.states,
  };
}

function rangeOf(values: readonly number[], most: number): Range {
  const value = mean(values);
  const [low, high] = predictionInterval(values) ?? [value, value];
  return { value, low: Math.max(0, low), high: Math.min(most, high) };
}

function endNsOf({ rows, arrivalNs, lastTokenNs }: RequestColumns): number {
  let endNs = 0;
  for (let row = 0; row < rows; row++) endNs = Math.max(endNs, arrivalNs[row]!, lastTokenNs[row]! || 0);
  return endNs;
}

function replicaHours(members: Fleet["members"], endNs: number): number {
  const ns = members.reduce((sum, { launchNs, stopNs }) => sum + Math.max(0, Math.min(stopNs, endNs) - launchNs), 0);
  return ns / 3.6e12;
}
