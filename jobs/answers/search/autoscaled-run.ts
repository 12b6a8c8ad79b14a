/** One run under a reactive autoscaler: whether the goals hold, in how many minutes they do not, and the replica-hours. */
import { greatest, type RequestColumns } from "../../../formats/index.js";
import { attainmentOf, simulateOutcome, type Fleet, type FleetState } from "../../../sim/index.js";
import { inputAt, probeOf, type Deployment, type Replication } from "../run/index.js";

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

export function autoscaledRun(deployment: Deployment, replication: Replication): AutoscaledRun {
  const point = { ...replication, x: deployment.autoscale!.initial ?? 1 };
  const input = inputAt(deployment, point);
  const outcome = simulateOutcome(input);
  const { goals, worst } = probeOf(deployment, point, outcome, input.workload);
  const { share, minutes, minutesOutside } = attainmentOf(outcome.table, deployment.goals);
  const { members, states } = outcome.fleet!;
  return {
    ratio: worst.ratio,
    goals: Object.fromEntries(goals.map(({ name, value }) => [name, value])),
    attainment: share,
    minutes,
    minutesOutside,
    replicaHours: replicaHours(members, endNsOf(outcome.table)),
    peak: greatest([0, ...states.map(({ serving }) => serving)]),
    states,
  };
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
