/** One run of a deployment held against its goals: how far the worst of them is from its limit, and what the run was like. */
import type { Extrapolation, Workload } from "../../../formats/index.js";
import {
  busyFractions,
  isImpatient,
  measureGoals,
  simulateOutcome,
  stopNames,
  summarise,
  type AdmissionStops,
  type Busy,
  type GoalValue,
  type RunOutcome,
} from "../../../sim/index.js";
import { inputAt, isSteadyLoad, replicasAt, type Deployment, type Point } from "./deployment.js";
import { hasSteadyTurns, sessionDetail, sessionGoals, type RunDetail } from "./session-runs.js";

export interface Probe {
  readonly x: number;
  readonly goals: readonly GoalValue[];
  /** The goal that is farthest beyond its limit, or nearest to it. */
  readonly worst: GoalValue;
}

export function probe(deployment: Deployment, point: Point): Probe {
  const input = inputAt(deployment, point);
  return probeOf(deployment, point, simulateOutcome(input), input.workload);
}

export function probeOf(deployment: Deployment, { x }: Point, outcome: RunOutcome, workload: Workload): Probe {
  const goals = hasSteadyTurns(deployment)
    ? sessionGoals(deployment, outcome, workload)
    : measureGoals(outcome, deployment.goals, { isSteady: isSteadyLoad(deployment) }).goals;
  return { x, goals, worst: goals.reduce((worst, goal) => (goal.ratio > worst.ratio ? goal : worst)) };
}

/** The worst goal of each run that missed one. */
export function missedIn(probes: readonly Probe[]): string[] {
  return probes.filter(({ worst }) => worst.ratio > 1).map(({ worst }) => worst.name);
}

/** What a goal is called among the statistics of a run. */
export function keyOfGoal(name: string): string {
  return name === "goodput" ? "goodput_share" : `${name}_ms`;
}

/** Values of goals by the keys of a run's summary. */
export function goalStatistics(goals: readonly GoalValue[]): Readonly<Record<string, number>> {
  const named = goals.filter(({ name }) => name !== "sustained");
  return Object.fromEntries(named.map(({ name, value }) => [keyOfGoal(name), value]));
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

const usual = [
  "mean_ttft_ms",
  "p99_ttft_ms",
  "mean_tpot_ms",
  "mean_e2el_ms",
  "p99_e2el_ms",
  "request_throughput",
  "output_throughput",
  "mean_concurrent_requests",
] as const;

export function detailedProbe(deployment: Deployment, point: Point): DetailedProbe {
  const input = inputAt(deployment, point);
  const { workload } = input;
  const outcome = simulateOutcome(input);
  const found = probeOf(deployment, point, outcome, workload);
  const replicas = replicasAt(deployment, point.x);
  const detail = hasSteadyTurns(deployment) ? sessionDetail(outcome, workload, replicas) : detailOf(outcome, replicas);
  const { summary, statistics, independent, busy } = detail;
  const known = usual.flatMap((key) => (summary[key] === null ? [] : [[key, summary[key]] as const]));
  const { rows, promptTokens, outputTokens } = outcome.table;
  const perRequest = (tokens: Int32Array): number => tokens.reduce((sum, count) => sum + count, 0) / Math.max(1, rows);
  return {
    ...found,
    statistics: {
      ...Object.fromEntries(known),
      ...goalStatistics(found.goals.filter(({ isUnanswered }) => isUnanswered === undefined)),
      ...statistics,
      ...unansweredShare(summary, workload),
      prompt_tokens_per_request: perRequest(promptTokens),
      output_tokens_per_request: perRequest(outputTokens),
    },
    independent,
    extrapolated: outcome.extrapolation,
    busy,
    stops: stopsOf(outcome),
  };
}

/** Given where there are requests without an answer, or may be on other days: they are in no latency. */
function unansweredShare(
  { failed, unanswered = failed }: RunDetail["summary"],
  workload: Workload,
): { readonly unanswered_share?: number } {
  if (failed === 0 && !isImpatient(workload)) return {};
  return { unanswered_share: unanswered / Math.max(1, workload.requests.length) };
}

function detailOf({ table, facts }: RunOutcome, replicas: number): RunDetail {
  const summary = summarise(table);
  const busy = busyFractions(facts, summary.duration, replicas);
  return { summary, statistics: {}, independent: summary.effective_n_ttft, busy };
}

function stopsOf({ facts }: RunOutcome): AdmissionStops | null {
  const stops = facts.admission_stops as AdmissionStops | undefined;
  const steps = facts.engine_steps as { scheduled: number; jumped: number } | undefined;
  if (stops === undefined || steps === undefined) return null;
  const passes = Math.max(1, steps.scheduled + steps.jumped);
  return Object.fromEntries(stopNames.map((name) => [name, stops[name] / passes])) as unknown as AdmissionStops;
}
