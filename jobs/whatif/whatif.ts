/** What a change does: the same days simulated before and after it, compared statistic by statistic. */
import {
  ANSWER_VERSION,
  ConfigError,
  goalsText,
  greatest,
  type Answer,
  type AnswerDifference,
  type Goals,
} from "../../formats/index.js";
import { busiestClock, requestsToShow, stopNames } from "../../sim/index.js";
import {
  evidenceAt,
  extrapolationOf,
  goalVerdictOf,
  keyOfGoal,
  mostFrequent,
  narrowNotes,
  nearestMeasured,
  type GoalVerdict,
} from "../answers/index.js";
import { versionNotes } from "../inputs/index.js";
import { replicationTasks } from "../replicate/index.js";
import {
  costOfDays,
  inputOf,
  isHidden,
  overloadNotes,
  requireAnswers,
  simulateDays,
  tooFewNote,
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
/** Neither more nor less of it is better. */
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
  const differences = differencesOf(before, after, goals);
  const headline = differences.find(({ statistic }) => statistic === headlineOf(goals)) ?? differences[0]!;
  const evidence = (["before", "after"] as const).map((side) => {
    const varied = Object.fromEntries(changed.applied.map((change) => [change.key, change[side]]));
    return evidenceAt(varied, side === "before" ? before : after);
  });
  const isJudged = goals.slos.length > 0 || goals.goodput !== undefined;
  const extrapolated = extrapolationOf(after);
  return {
    version: ANSWER_VERSION,
    question: { name: "whatif", goal: goalsText(goals), asked: { ...input.asked } },
    value: headline.difference,
    unit: unitOf(headline.statistic),
    interval: headline.interval,
    spread: null,
    verdict: headline.verdict,
    differences,
    ...(isJudged ? { goal_verdicts: { before: goalVerdict(before), after: goalVerdict(after) } } : {}),
    binds: { slo: mostMissed(after), resource: whatStops(after) },
    next_best: null,
    extrapolated_share: extrapolated.share,
    nearest_measured: nearestMeasured(changed.scenario.profile, evidence[1]!.statistics, headline.statistic),
    evidence,
    cost: costOfDays(changed.scenario, after, input.pricePerHour),
    commands: input.commands,
    notes: [...notesOf(input, before, after), ...extrapolated.notes],
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
function differencesOf(before: readonly DayResult[], after: readonly DayResult[], { slos }: Goals): AnswerDifference[] {
  const all = [...before, ...after];
  const ofGoals = slos.map(({ name }) => keyOfGoal(name));
  const isShown = (key: string): boolean => ofGoals.includes(key) || !isFew(key, before, after);
  return Object.keys(before[0]!.statistics)
    .filter((key) => key !== UNJUDGED && all.every(({ statistics }) => statistics[key] !== undefined) && isShown(key))
    .map((key) => {
      const [was, is] = [before, after].map((days) => days.map(({ statistics }) => statistics[key]!));
      return differenceOf(key, was!, is!);
    });
}

function isFew(key: string, before: readonly DayResult[], after: readonly DayResult[]): boolean {
  return isHidden(key, before) || isHidden(key, after);
}

/** The statistic that a question with such goals is about, by its key. */
export function headlineOf({ slos: [slo], goodput }: Goals): string {
  if (slo !== undefined) return keyOfGoal(slo.name);
  return goodput === undefined ? HEADLINE : keyOfGoal("goodput");
}

function unitOf(statistic: string): string {
  return statistic.endsWith("_ms") ? `ms of ${statistic.replace(/_ms$/, "")}` : statistic;
}

function goalVerdict(days: readonly DayResult[]): GoalVerdict {
  return goalVerdictOf(days.map(({ goals }) => greatest([0, ...goals.map(({ ratio }) => ratio)])));
}

function mostMissed(days: readonly DayResult[]): string | null {
  const missed = days.flatMap(({ goals }) => {
    const worst = greatest(goals.map(({ ratio }) => ratio));
    return worst > 1 ? [goals.find(({ ratio }) => ratio === worst)!.name] : [];
  });
  return mostFrequent(missed);
}

/** The limit that stopped most passes, if it stopped many; else the busiest clock. */
function whatStops(days: readonly DayResult[]): string {
  const totals = stopNames.map((name) => days.reduce((sum, { stops }) => sum + (stops?.[name] ?? 0), 0));
  const passes = totals.reduce((sum, total) => sum + total, 0);
  const most = greatest(totals.filter((_, at) => stopNames[at] !== "none"));
  if (passes === 0 || most < STOPPING_SHARE * passes) return busiestClock(days[0]!.busy);
  return stopNames.find((name, at) => name !== "none" && totals[at] === most)!;
}

function notesOf({ base, changed }: WhatifInput, before: readonly DayResult[], after: readonly DayResult[]): string[] {
  const sides = [
    ["before", base, before],
    ["after", changed.scenario, after],
  ] as const;
  const input = inputOf(base, { seed: base.seed, draw: null });
  const assumed = sides.flatMap(([, scenario]) => versionNotes(scenario));
  const notes = [...new Set(assumed), ...changed.notes, ...(input.workload.notes ?? []), ...narrowNotes(input)];
  for (const [when, , days] of sides) {
    for (const note of overloadNotes(days, `${when} the change `)) notes.push(note);
    const failed = days.reduce((sum, day) => sum + day.failed, 0);
    if (failed > 0) notes.push(`${when} the change ${failed} requests of ${days.length} runs got no answer`);
  }
  const hidden = Object.keys(before[0]!.statistics).filter((key) => isFew(key, before, after));
  if (hidden.length > 0) notes.push(tooFewNote(hidden, input.workload));
  return notes;
}
