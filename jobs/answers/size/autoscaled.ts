/** A load under a reactive autoscaler, over all replications. */
import { greatest, type AutoscalePlan } from "../../../formats/index.js";
import { mean, predictionInterval } from "../../../sim/index.js";
import type { Replication } from "../run/index.js";
import type { AutoscaledRun, Crew } from "../search/index.js";

export interface Range {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Autoscaled extends Pick<AutoscaledRun, "minutes" | "peak" | "states"> {
  readonly plan: AutoscalePlan;
  /** Share of the replications that meet the goals. */
  readonly metShare: number;
  readonly attainment: Range;
  readonly minutesOutside: Range;
  readonly replicaHours: Range;
  readonly meanReplicas: number;
  /** Means of the limited statistics. */
  readonly goals: Readonly<Record<string, number>>;
}

/** Minutes and the replicas at each moment are those of the first replication. */
export async function findAutoscaled(
  crew: Crew,
  plan: AutoscalePlan,
  replications: readonly Replication[],
): Promise<Autoscaled> {
  const tasks = replications.map((point) => ({ point, changes: { autoscale: plan } }));
  const runs = await crew.run("autoscale", tasks, "with the autoscaler");
  const all = (value: (run: AutoscaledRun) => number): number[] => runs.map(value);
  const { minutes, goals, states } = runs[0]!;
  const replicaHours = rangeOf(all((run) => run.replicaHours));
  return {
    plan,
    metShare: mean(all(({ ratio }) => (ratio <= 1 ? 1 : 0))),
    attainment: rangeOf(all(({ attainment }) => attainment), 1), // prettier-ignore
    minutes,
    minutesOutside: rangeOf(all(({ minutesOutside }) => minutesOutside), minutes), // prettier-ignore
    replicaHours,
    meanReplicas: minutes === 0 ? 0 : replicaHours.value / (minutes / 60),
    peak: greatest(all(({ peak }) => peak)),
    goals: Object.fromEntries(Object.keys(goals).map((name) => [name, mean(all((run) => run.goals[name]!))])),
    states,
  };
}

function rangeOf(values: readonly number[], most = Infinity): Range {
  const value = mean(values);
  const [low, high] = predictionInterval(values) ?? [value, value];
  return { value, low: Math.max(0, low), high: Math.min(most, high) };
}
