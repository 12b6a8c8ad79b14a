/** What a change does: the same days simulated before and after it, compared statistic by statistic. */
import {
  ANSWER_VERSION,
  ConfigError,
  goalsText,
  type Answer,
  type AnswerDifference,
  type Goals,
} from "../../formats/index.js";
import { busiestClock, requestsToShow, stopNames, type AdmissionStops, type GoalValue } from "../../sim/index.js";
import {
  evidenceOf,
  extrapolationOf,
  goalVerdictOf,
  mostFrequent,
  nearestMeasured,
  type GoalVerdict,
} from "../answers/index.js";
import { versionNotes } from "../inputs/index.js";
import { causesOf, missingCauses, replicationTasks } from "../replicate/index.js";
import {
  costOfDays,
  inputOf,
  isHidden,
  overloadNotes,
  requireAnswers,
  tooFewNote,
  simulateDays,
  type DayResult,
  type DaysOptions,
  type Scenario,
} from "../scenario/index.js";
import type { Changed } from "./changes.js";
import { differenceOf } from "./differences.js";

export interface WhatifInput {
  readonly base: Scenario;
  readonly changed: Changed;
  /** None: no goal is judged. */
  readonly goals: Goals;
  readonly replications?: number | undefined;
  readonly pricePerHour?: number | undefined;
  readonly asked: Answer["question"]["asked"];
  readonly commands: Answer["commands"];
}

export const DEFAULT_DAYS = 12;
/** Share of the scheduling passes that a limit must have stopped to count as binding. */
const STOPPING_SHARE = 0.2;
/** Judged where no goal says what matters. */
const HEADLINE = "mean_e2el_ms";
/** Says nothing of better or worse. */
const UNJUDGED = "mean_concurrent_requests";

export async function whatif(input: WhatifInput, options: DaysOptions = {}): Promise<Answer> {
  const { base, changed, goals, replications = DEFAULT_DAYS } = input;
  requireEnough(input);
  const scenarios = [base, changed.scenario];
  // The same seeds on both sides; draws of a fit are those of its profile.
  const days = scenarios.map((scenario) => replicationTasks(scenario, replications));
  const [before, after] = (await simulateDays({ scenarios, goals }, days, options)) as [DayResult[], DayResult[]];
  requireAnswers(base, before, "before the change ");
  requireAnswers(changed.scenario, after, "after the change ");
  const differences = differencesOf(
    before,
    after,
    goals.slos.map(({ name }) => name),
  );
  const headline = differences.find(({ statistic }) => statistic === headlineOf(goals)) ?? differences[0]!;
  const varied = (side: "before" | "after"): Record<string, Answer["evidence"][number]["varied"][string]> =>
    Object.fromEntries(changed.applied.map((change) => [change.key, change[side]]));
  const afterPoint = evidenceOf(
    varied("after"),
    after.map(({ statistics }) => statistics),
  );
  const goalVerdicts =
    goals.slos.length === 0 && goals.goodput === undefined
      ? {}
      : { goal_verdicts: { before: goalVerdict(before), after: goalVerdict(after) } };
  return {
    version: ANSWER_VERSION,
    question: { name: "whatif", goal: goalsText(goals), asked: { ...input.asked } },
    value: headline.difference,
    unit: unitOf(headline.statistic),
    interval: headline.interval,
    spread: null,
    verdict: headline.verdict,
    differences,
    ...goalVerdicts,
    binds: { slo: mostMissed(after), resource: whatStops(after) },
    next_best: null,
    extrapolated_share: extrapolationOf(after).share,
    nearest_measured: nearestMeasured(changed.scenario.profile, afterPoint.statistics, headline.statistic),
    evidence: [
      evidenceOf(
        varied("before"),
        before.map(({ statistics }) => statistics),
      ),
      afterPoint,
    ],
    cost: costOfDays(input.changed.scenario, after, input.pricePerHour),
    commands: input.commands,
    notes: notesOf(input, before, after),
  };
}

/** ConfigError for runs too short to show a goal. */
function requireEnough({ base, goals }: WhatifInput): void {
  const needed = requestsToShow(goals);
  const count = inputOf(base, { seed: base.seed, draw: null }).workload.requests.length;
  if (count >= needed) return;
  throw new ConfigError(
    `the load has ${count} requests, too few to show ${goalsText(goals)}: it takes at least ${needed} (--num-prompts)`,
  );
}

/** Of statistics that both have on every day, and that are of goals, or of enough requests on most days. */
function differencesOf(
  before: readonly DayResult[],
  after: readonly DayResult[],
  goals: readonly string[],
): AnswerDifference[] {
  const all = [...before, ...after];
  const isFew = (key: string): boolean => isHidden(key, before) || isHidden(key, after);
  return Object.keys(before[0]!.statistics)
    .filter((key) => key !== UNJUDGED && all.every(({ statistics }) => statistics[key] !== undefined))
    .filter((key) => !isFew(key) || goals.some((name) => key === `${name}_ms`))
    .map((key) =>
      differenceOf(
        key,
        before.map(({ statistics }) => statistics[key]!),
        after.map(({ statistics }) => statistics[key]!),
      ),
    );
}

function headlineOf({ slos, goodput }: Goals): string {
  const [slo] = slos;
  if (slo !== undefined) return `${slo.name}_ms`;
  return goodput === undefined ? HEADLINE : "goodput_share";
}

function unitOf(statistic: string): string {
  return statistic.endsWith("_ms") ? `ms of ${statistic.replace(/_ms$/, "")}` : statistic;
}

function goalVerdict(days: readonly DayResult[]): GoalVerdict {
  return goalVerdictOf(days.map(({ goals }) => goals.reduce((most, { ratio }) => Math.max(most, ratio), 0)));
}

function mostMissed(days: readonly DayResult[]): string | null {
  const missed = days.flatMap(({ goals }) => {
    const worst = goals.reduce<GoalValue | null>((a, b) => (a === null || b.ratio > a.ratio ? b : a), null);
    return worst === null || worst.ratio <= 1 ? [] : [worst.name];
  });
  return mostFrequent(missed);
}

/** The limit that stopped most passes, if it stopped many; else the busiest clock. */
function whatStops(days: readonly DayResult[]): string {
  const total: Partial<AdmissionStops> = {};
  for (const { stops } of days) for (const name of stopNames) total[name] = (total[name] ?? 0) + (stops?.[name] ?? 0);
  const passes = stopNames.reduce((sum, name) => sum + (total[name] ?? 0), 0);
  const [most] = stopNames.filter((name) => name !== "none").sort((a, b) => (total[b] ?? 0) - (total[a] ?? 0));
  if (passes > 0 && total[most!]! >= STOPPING_SHARE * passes) return most!;
  return busiestClock(days[0]!.busy);
}

function notesOf({ base, changed }: WhatifInput, before: readonly DayResult[], after: readonly DayResult[]): string[] {
  const sides = [
    ["before", base, before],
    ["after", changed.scenario, after],
  ] as const;
  const input = inputOf(base, { seed: base.seed, draw: null });
  const assumed = sides.flatMap(([, scenario]) => versionNotes(scenario));
  const notes = [...new Set(assumed), ...changed.notes, ...(input.workload.notes ?? [])];
  for (const what of missingCauses(input, causesOf(input, true))) notes.push(`the interval is too narrow: ${what}`);
  for (const [when, , days] of sides) {
    for (const note of overloadNotes(days, `${when} the change `)) notes.push(note);
    const failed = days.reduce((sum, day) => sum + day.failed, 0);
    if (failed > 0) notes.push(`${when} the change ${failed} requests of ${days.length} runs got no answer`);
  }
  const hidden = Object.keys(before[0]!.statistics).filter((key) => isHidden(key, before) || isHidden(key, after));
  if (hidden.length > 0) notes.push(tooFewNote(hidden, input.workload));
  return [...notes, ...extrapolationOf(after).notes];
}
