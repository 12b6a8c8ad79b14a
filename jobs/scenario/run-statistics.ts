/** The statistics of one simulated day that questions about a change compare, by the keys of a run's summary. */
import type { Extrapolation, Goals } from "../../formats/index.js";
import {
  busyFractions,
  measureGoals,
  simulateOutcome,
  summarise,
  type AdmissionStops,
  type Busy,
  type GoalValue,
} from "../../sim/index.js";
import { isSettled, overloadOf, type Overload } from "./overload.js";
import { effectiveCounts, type EffectiveCounts } from "./shown.js";
import { inputOf, type Day, type Scenario } from "./scenario.js";

export interface DayTask {
  readonly scenario: Scenario;
  readonly day: Day;
  readonly goals: Goals;
}

export interface DayResult {
  /** Times in ms, rates per second; absent: not known of this run. */
  readonly statistics: Readonly<Record<string, number>>;
  /** How many independent requests would say as much, by latency. */
  readonly effective: EffectiveCounts;
  readonly goals: readonly GoalValue[];
  readonly requests: number;
  readonly failed: number;
  readonly overload: Overload;
  readonly extrapolated: Extrapolation;
  readonly busy: Busy;
  readonly stops: AdmissionStops | null;
  readonly preemptions: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

const latencies = ["ttft", "tpot", "e2el"].flatMap((metric) =>
  ["mean", "p95", "p99"].map((statistic) => `${statistic}_${metric}_ms` as const),
) as `${"mean" | "p95" | "p99"}_${"ttft" | "tpot" | "e2el"}_ms`[];
const rates = ["request_throughput", "output_throughput", "mean_concurrent_requests"] as const;

export function runDay({ scenario, day, goals: asked }: DayTask): DayResult {
  const outcome = simulateOutcome(inputOf(scenario, day));
  const summary = summarise(outcome.table);
  const isOpen = scenario.load.request_rate !== undefined;
  const settled = isSettled(outcome.table);
  const measured = measureGoals(outcome, asked, { isSteady: isOpen }).goals;
  const fallsBehind = measured.some(({ name, ratio }) => name === "sustained" && ratio > 1);
  const goals = settled ? measured : measured.filter(({ name }) => name !== "sustained");
  const usual = [...latencies, ...rates].flatMap((key) =>
    summary[key] === null ? [] : [[key, summary[key]] as const],
  );
  const ofGoals = goals
    .filter(({ name, isUnanswered }) => name !== "sustained" && isUnanswered === undefined)
    .map(({ name, value }) => [name === "goodput" ? "goodput_share" : `${name}_ms`, value] as const);
  const { facts } = outcome;
  return {
    // Statistics of goals are those without the start-up, as `capacity` has them.
    statistics: { ...Object.fromEntries(usual), ...Object.fromEntries(ofGoals) },
    effective: effectiveCounts(summary),
    goals,
    requests: outcome.table.rows,
    failed: summary.failed,
    overload: overloadOf(summary.overloaded || fallsBehind, settled),
    extrapolated: outcome.extrapolation,
    busy: busyFractions(facts, summary.duration, scenario.replicas),
    stops: (facts.admission_stops as AdmissionStops | undefined) ?? null,
    preemptions: Number(facts.preemptions ?? 0),
    promptTokens: summary.total_input_tokens,
    outputTokens: summary.total_output_tokens,
  };
}
