/**
 * One run of a deployment held against its goals: how far the worst of them is from its limit, and what the run was
 * like.
 */
import type { Extrapolation } from "../../formats/index.js";
import {
  busyFractions,
  measureGoals,
  simulateOutcome,
  stopNames,
  summarise,
  type AdmissionStops,
  type Busy,
  type GoalValue,
  type RunOutcome,
} from "../../sim/index.js";
import { inputAt, isSteadyLoad, replicasAt, type Deployment, type Point } from "./deployment.js";

export interface Probe {
  readonly x: number;
  readonly goals: readonly GoalValue[];
  /** The goal that is farthest beyond its limit, or nearest to it. */
  readonly worst: GoalValue;
}

export function probe(deployment: Deployment, point: Point): Probe {
  return probeOf(deployment, point, simulateOutcome(inputAt(deployment, point)));
}

export function probeOf(deployment: Deployment, { x }: Point, outcome: RunOutcome): Probe {
  const { goals } = measureGoals(outcome, deployment.goals, { isSteady: isSteadyLoad(deployment) });
  return { x, goals, worst: goals.reduce((worst, goal) => (goal.ratio > worst.ratio ? goal : worst)) };
}

/** The worst goal of each run that missed one. */
export function missedIn(probes: readonly Probe[]): string[] {
  return probes.filter(({ worst }) => worst.ratio > 1).map(({ worst }) => worst.name);
}

export interface DetailedProbe extends Probe {
  /** Goals and the usual statistics, by the keys of a run's summary. */
  readonly statistics: Readonly<Record<string, number>>;
  /** How many independent requests would say as much about the latencies. */
  readonly independent: number;
  readonly extrapolated: Extrapolation;
  readonly busy: Busy;
  /** Share of the scheduling passes that left requests waiting, by what stopped admissions; of steps. */
  readonly stops: Readonly<AdmissionStops> | null;
}

const ofLatency = ["mean_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "mean_e2el_ms", "p99_e2el_ms"] as const;
const ofRun = ["request_throughput", "output_throughput", "mean_concurrent_requests"] as const;

export function detailedProbe(deployment: Deployment, point: Point): DetailedProbe {
  const outcome = simulateOutcome(inputAt(deployment, point));
  const summary = summarise(outcome.table);
  const found = probeOf(deployment, point, outcome);
  const ofGoals = found.goals
    .filter(({ name }) => name !== "sustained")
    .map(({ name, value }) => [name === "goodput" ? "goodput_share" : `${name}_ms`, value] as const);
  const usual = [...ofLatency, ...ofRun].flatMap((key) =>
    summary[key] === null ? [] : [[key, summary[key]] as const],
  );
  const { rows, promptTokens, outputTokens } = outcome.table;
  const perRequest = (tokens: Int32Array): number => tokens.reduce((sum, count) => sum + count, 0) / Math.max(1, rows);
  return {
    ...found,
    statistics: {
      ...Object.fromEntries(usual),
      ...Object.fromEntries(ofGoals),
      prompt_tokens_per_request: perRequest(promptTokens),
      output_tokens_per_request: perRequest(outputTokens),
    },
    independent: summary.effective_n_ttft,
    extrapolated: outcome.extrapolation,
    busy: busyFractions(outcome.facts, summary.duration, replicasAt(deployment, point.x)),
    stops: stopsOf(outcome),
  };
}

function stopsOf({ facts }: RunOutcome): AdmissionStops | null {
  const stops = facts.admission_stops as AdmissionStops | undefined;
  const steps = facts.engine_steps as { scheduled: number; jumped: number } | undefined;
  if (stops === undefined || steps === undefined) return null;
  const passes = Math.max(1, steps.scheduled + steps.jumped);
  return Object.fromEntries(stopNames.map((name) => [name, stops[name] / passes])) as unknown as AdmissionStops;
}
