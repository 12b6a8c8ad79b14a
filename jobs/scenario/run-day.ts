/** The statistics of one simulated day that questions about a change compare, by the keys of a run's summary. */
import { ConfigError, type AnswerCost, type Extrapolation, type Goals, type Workload } from "../../formats/index.js";
import {
  busyFractions,
  mean,
  measureGoals,
  percentileIsShown,
  simulateOutcome,
  summarise,
  type AdmissionStops,
  type Busy,
  type GoalValue,
  type Summary,
} from "../../sim/index.js";
import { costOf, goalStatistics } from "../answers/index.js";
import { isSettled, overloadOf, type Overload } from "./overload.js";
import { inputOf, type Day, type Scenario } from "./scenario.js";

export interface DayResult {
  /** Times in ms, rates per second; absent: not known of this run. */
  readonly statistics: Readonly<Record<string, number>>;
  readonly effective: EffectiveCounts;
  readonly goals: readonly GoalValue[];
  readonly requests: number;
  readonly failed: number;
  readonly overload: Overload;
  readonly extrapolated: Extrapolation;
  readonly busy: Busy;
  readonly stops: AdmissionStops | null;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** How many independent requests would say as much, by latency. */
export type EffectiveCounts = Readonly<Record<(typeof metrics)[number], number>>;

const metrics = ["ttft", "tpot", "e2el"] as const;
const shown = [
  ...metrics.flatMap((metric) => [`mean_${metric}_ms`, `p95_${metric}_ms`, `p99_${metric}_ms`] as const),
  ...(["request_throughput", "output_throughput", "mean_concurrent_requests"] as const),
];

export function runDay(scenario: Scenario, day: Day, asked: Goals): DayResult {
  const outcome = simulateOutcome(inputOf(scenario, day));
  const { table, facts, extrapolation: extrapolated } = outcome;
  const summary = summarise(table);
  const settled = isSettled(table);
  const measured = measureGoals(outcome, asked, { isSteady: scenario.load.request_rate !== undefined }).goals;
  const fallsBehind = measured.some(({ name, ratio }) => name === "sustained" && ratio > 1);
  const goals = settled ? measured : measured.filter(({ name }) => name !== "sustained");
  const known = shown.flatMap((key) => (summary[key] === null ? [] : [[key, summary[key]] as const]));
  return {
    statistics: {
      ...Object.fromEntries(known),
      // Those of goals are without the start-up, as in `capacity`.
      ...goalStatistics(goals.filter(({ isUnanswered }) => isUnanswered === undefined)),
    },
    effective: effectiveCounts(summary),
    goals,
    requests: table.rows,
    failed: summary.failed,
    overload: overloadOf(summary.overloaded || fallsBehind, settled),
    extrapolated,
    busy: busyFractions(facts, summary.duration, scenario.replicas),
    stops: (facts.admission_stops as AdmissionStops | undefined) ?? null,
    promptTokens: summary.total_input_tokens,
    outputTokens: summary.total_output_tokens,
  };
}

export function effectiveCounts(summary: Summary): EffectiveCounts {
  return { ttft: summary.effective_n_ttft, tpot: summary.effective_n_tpot, e2el: summary.effective_n_e2el };
}

/** Whether a percentile (`p99_ttft` or its key `p99_ttft_ms`) is of too few independent requests, of all days together. */
export function isHidden(statistic: string, days: readonly { readonly effective: EffectiveCounts }[]): boolean {
  const [, percent, metric] = /^p([\d.]+)_(ttft|tpot|e2el)(?:_ms)?$/.exec(statistic) ?? [];
  if (percent === undefined) return false;
  const count = days.reduce((sum, { effective }) => sum + effective[metric as keyof EffectiveCounts], 0);
  return !percentileIsShown(Number(percent) / 100, count);
}

/** What to do about statistics that the runs are too short to show. */
export function tooFewNote(hidden: readonly string[], { sessions }: Workload): string {
  const flag = sessions === undefined ? "--num-prompts" : "--num-sessions";
  return `${hidden.join(", ")}: too few independent requests, more come with ${flag}`;
}

/** ConfigError, with the first request's reason, for a day without any answer: it has no latencies. `when`: of which scenario. */
export function requireAnswers(
  scenario: Scenario,
  days: readonly Pick<DayResult, "requests" | "failed">[],
  when = "",
): void {
  if (days.every(({ requests, failed }) => failed < requests)) return;
  const { table } = simulateOutcome(inputOf(scenario, { seed: scenario.seed, draw: null }));
  const row = table.ok.indexOf(0);
  const first = row < 0 ? undefined : table.record(row);
  const reason = first?.error === undefined ? "" : `, the first (${first.requestId}) because: ${first.error}`;
  throw new ConfigError(
    `${when}none of ${table.rows} requests gets an answer${reason}; change the load, or the setting that rejects it`,
  );
}

/**
 * What serving costs, by the requests that the days answered. `pricePerHour` of one replica; absent: the profile's. Null
 * where neither a price nor a power is known.
 */
export function costOfDays(
  scenario: Scenario,
  days: readonly DayResult[],
  pricePerHour: number | undefined,
): AnswerCost | null {
  const perRequest = (tokens: (day: DayResult) => number): number =>
    mean(days.map((day) => tokens(day) / Math.max(1, day.requests - day.failed)));
  return costOf({
    ...scenario,
    pricePerHour,
    busy: mean(days.map(({ busy }) => busy.gpu)),
    requestsPerS: mean(days.map(({ statistics }) => statistics.request_throughput ?? 0)),
    promptTokens: perRequest(({ promptTokens }) => promptTokens),
    outputTokens: perRequest(({ outputTokens }) => outputTokens),
  });
}
