/**
 * Where the time of a scenario's latencies went, part by part, and what each statistic would be with one thing changed, on the
 * same random numbers.
 */
import {
  ANSWER_VERSION,
  type Answer,
  type AnswerCounterfactual,
  type AnswerDifference,
  type AnswerParts,
} from "../../formats/index.js";
import { mean, partNames, predictionInterval, type PartName } from "../../sim/index.js";
import { evidenceOf, extrapolationOf, nearestMeasured } from "../answers/index.js";
import { versionNotes } from "../inputs/index.js";
import { causesOf, missingCauses, replicationTasks } from "../replicate/index.js";
import {
  explainDays,
  inputOf,
  isHidden,
  overloadNotes,
  requireAnswers,
  tooFewNote,
  simulateDays,
  type DayResult,
  type DaysOptions,
  type ExplainedDay,
  type Scenario,
  costOfDays,
} from "../scenario/index.js";
import { differenceOf } from "../whatif/index.js";
import { counterfactualsOf } from "./counterfactuals.js";

export interface ExplainInput {
  readonly scenario: Scenario;
  /** Which statistic is the answer's value: `p99_ttft`. */
  readonly statistic: string;
  readonly replications: number;
  readonly pricePerHour?: number | undefined;
  readonly asked: Answer["question"]["asked"];
  readonly commands: Answer["commands"];
  readonly notes?: readonly string[];
}

/** A part with less of every statistic is not looked into. */
const LEAST_SHARE = 0.03;

export async function explain(input: ExplainInput, options: DaysOptions = {}): Promise<Answer> {
  const { scenario, statistic, replications } = input;
  const days = replicationTasks(scenario, replications);
  const explained = await explainDays(scenario, days, options);
  requireAnswers(scenario, explained);
  const parts = partsOf(explained);
  const others = counterfactualsOf(scenario, largest(parts));
  const scenarios = [scenario, ...others.map((other) => other.scenario)];
  const [base, ...changed] = await simulateDays(
    { scenarios, goals: { slos: [] } },
    scenarios.map(() => days),
    options,
  );
  const counterfactuals = others.map(({ change, away }, at): AnswerCounterfactual => ({
    change,
    away,
    differences: differencesOf(parts, base!, changed[at]!),
  }));
  const headline = parts.find((one) => one.statistic === statistic) ?? parts[0]!;
  const evidence = evidenceOf(
    {},
    base!.map(({ statistics }) => statistics),
  );
  return {
    version: ANSWER_VERSION,
    question: { name: "explain", goal: "", asked: { ...input.asked } },
    value: headline.value,
    unit: `ms of ${headline.statistic}`,
    interval: headline.interval,
    spread: null,
    verdict: "explained",
    parts,
    counterfactuals,
    binds: { slo: null, resource: resources[mostOf(headline)] },
    next_best: nextBest(counterfactuals, headline),
    extrapolated_share: extrapolationOf(explained).share,
    nearest_measured: nearestMeasured(scenario.profile, evidence.statistics, `${headline.statistic}_ms`),
    evidence: [evidence],
    cost: costOfDays(scenario, base!, input.pricePerHour),
    commands: input.commands,
    notes: notesOf(input, explained, headline),
  };
}

function partsOf(days: readonly ExplainedDay[]): AnswerParts[] {
  const known = days[0]!.parts.filter(
    ({ statistic }) =>
      days.every((day) => day.parts.some((one) => one.statistic === statistic)) && !isHidden(statistic, days),
  );
  return known.map(({ statistic }) => {
    const all = days.map((day) => day.parts.find((one) => one.statistic === statistic)!);
    const values = all.map(({ valueMs }) => valueMs);
    const range = predictionInterval(values);
    const decodeNs = all.reduce((sum, one) => sum + one.decodeNs, 0);
    const besideNs = all.reduce((sum, one) => sum + one.besideNs, 0);
    const partMs = partNames.map((name) => [name, mean(all.map(({ partsMs }) => partsMs[name]))] as const);
    return {
      statistic,
      value: mean(values),
      interval: range === null ? null : { low: range[0], high: range[1] },
      parts: Object.fromEntries(partMs.filter(([, ms]) => ms > 0)),
      beside: decodeNs === 0 ? null : besideNs / decodeNs,
    };
  });
}

/** Those worth looking into, the largest share of any statistic first. */
function largest(parts: readonly AnswerParts[]): PartName[] {
  const share = (name: PartName): number =>
    parts.reduce((most, one) => Math.max(most, one.value === 0 ? 0 : (one.parts[name] ?? 0) / one.value), 0);
  return partNames.filter((name) => share(name) >= LEAST_SHARE).sort((a, b) => share(b) - share(a));
}

function mostOf({ parts }: AnswerParts): PartName {
  return partNames.reduce((most, name) => ((parts[name] ?? 0) > (parts[most] ?? 0) ? name : most));
}

const resources: Readonly<Record<PartName, string>> = {
  client: "seats",
  front_end: "front_end",
  batch_filling: "seats",
  batch_running: "seats",
  step_in_flight: "gpu",
  seats: "seats",
  kv_blocks: "kv_blocks",
  token_budget: "token_budget",
  own_prefill: "gpu",
  others_prefill: "gpu",
  decode: "gpu",
  host: "host",
  preemption: "kv_blocks",
  batch_longest: "seats",
  delivery: "front_end",
};

function differencesOf(
  parts: readonly AnswerParts[],
  base: readonly DayResult[],
  changed: readonly DayResult[],
): AnswerDifference[] {
  return parts.flatMap(({ statistic }) => {
    const key = `${statistic}_ms`;
    const values = (days: readonly DayResult[]): number[] => days.flatMap(({ statistics }) => statistics[key] ?? []);
    const [before, after] = [values(base), values(changed)];
    return before.length === after.length && before.length > 0 ? [differenceOf(key, before, after)] : [];
  });
}

function nextBest(counterfactuals: readonly AnswerCounterfactual[], { statistic }: AnswerParts): Answer["next_best"] {
  const found = counterfactuals.flatMap(({ change, differences }) => {
    const own = differences.find((one) => one.statistic === `${statistic}_ms` && one.verdict === "better");
    return own === undefined ? [] : [{ change, value: own.after, unit: `ms of ${statistic}` }];
  });
  return found.reduce<Answer["next_best"]>(
    (best, one) => (best === null || one.value < best.value! ? one : best),
    null,
  );
}

function notesOf(
  { scenario, statistic, notes = [] }: ExplainInput,
  days: readonly ExplainedDay[],
  headline: AnswerParts,
): string[] {
  const input = inputOf(scenario, { seed: scenario.seed, draw: null });
  const isResampled = scenario.content.kind !== "fixed";
  const missing = missingCauses(input, causesOf(input, isResampled));
  const failed = days.reduce((sum, day) => sum + day.failed, 0);
  const hidden = days[0]!.parts.map((one) => one.statistic).filter((name) => isHidden(name, days));
  return [
    ...versionNotes(scenario),
    ...notes,
    ...(input.workload.notes ?? []),
    ...missing.map((what) => `the interval is too narrow: ${what}`),
    ...(hidden.length === 0 ? [] : [tooFewNote(hidden, input.workload)]),
    ...(headline.statistic === statistic
      ? []
      : [`${statistic} cannot be shown, the answer is about ${headline.statistic}`]),
    ...overloadNotes(days),
    ...(failed === 0 ? [] : [`${failed} requests of ${days.length} runs got no answer, and are in no latency`]),
    ...extrapolationOf(days).notes,
  ];
}
