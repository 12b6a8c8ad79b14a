/** What was found of the settings, as an answer. */
import { ANSWER_VERSION, type Answer, type AnswerEvidence, type AnswerTuning } from "../../../formats/index.js";
import { mean, slotsOfServer } from "../../../sim/index.js";
import { versionNotes } from "../../inputs/index.js";
import {
  costOfRuns,
  evidenceOf,
  extrapolationOf,
  intervalOf,
  narrowNotes,
  nearestMeasured,
  turnsOf,
} from "../parts/index.js";
import { inputAt, unitOf, type Deployment } from "../run/index.js";
import type { Sensitivity, Tuned } from "./tune.js";
import { besideOf } from "./tune-front.js";
import type { TuneGoal } from "./tune-goal.js";
import { changedBy, type Settings } from "./tune-space.js";
import { isMissed, pairedDifference, type Trial } from "./tune-trials.js";

export interface TuneAnswerInput {
  readonly deployment: Deployment;
  readonly goal: TuneGoal;
  readonly found: Tuned;
  /** The changed settings as flags of the server, or of the command that runs the policy. */
  readonly commandOf: (changes: Settings) => string;
  readonly pricePerHour?: number | undefined;
  readonly asked: Readonly<Record<string, unknown>>;
  readonly commands: Answer["commands"];
}

/** Share of the time beyond what the profile measured, from which on a setting is marked. */
const MARKED = 0.01;
const MOST_EVIDENCE = 6;

export function tuneAnswer(input: TuneAnswerInput): Answer {
  const { deployment, goal, found, pricePerHour, asked, commands } = input;
  const { best, base, atBest: probes } = found;
  const { vary, replicas: x, seed, profile } = deployment;
  const unit = goal.name === "throughput" ? unitOf(vary) : goal.unit;
  const value = mean(best.values);
  const front = found.front.map((trial) => (trial === best ? { ...trial, probes } : trial));
  const evidence = front.slice(0, MOST_EVIDENCE).map((trial) => evidenceOfTrial(trial, goal));
  const extrapolated = extrapolationOf(probes);
  const [, next] = front;
  return {
    version: ANSWER_VERSION,
    question: { name: "tune", goal: goal.text, asked: { ...asked } },
    value,
    unit,
    ...turnsOf(deployment, value, evidence[0]!),
    interval: intervalOf(best.values),
    spread: null,
    verdict: found.verdict,
    binds: { slo: worstGoal(best, goal), resource: null },
    next_best: next === undefined ? null : { change: changesText(next.changes), value: mean(next.values), unit },
    extrapolated_share: extrapolated.share,
    nearest_measured: nearestMeasured(profile, evidence[0]!.statistics, `${goal.name}_ms`),
    evidence,
    cost: costOfRuns(probes, { ...deployment, pricePerHour }),
    tuning: {
      command: input.commandOf(best.changes),
      changes: { ...best.changes },
      base: { value: mean(base.values), difference: relative(best, base) },
      front: front.map((trial) => pointOf(trial, goal)),
      sensitivity: found.sensitivity.map((one) => sensitivityOf(one, best)),
      tried: found.tried,
    },
    commands,
    notes: [
      ...versionNotes(deployment),
      ...found.notes,
      ...narrowNotes(inputAt(deployment, { x, seed, draw: null, count: found.count })),
      ...extrapolated.notes,
      ...beyondServer(deployment, best),
    ],
  };
}

function evidenceOfTrial(trial: Trial, goal: TuneGoal): AnswerEvidence {
  const { probes = [], values, changes } = trial;
  const isRate = goal.name === "throughput";
  const statistics = values.map((value, at) => ({
    ...(isRate ? { [goal.name]: value } : {}),
    ...probes[at]?.statistics,
  }));
  return evidenceOf({ settings: changesText(changes) }, statistics);
}

function changesText(changes: Settings): string {
  const words = Object.entries(changes).map(([setting, value]) => `${setting} ${value}`);
  return words.length === 0 ? "as they are" : words.join(", ");
}

/**
 * How much more, or less, of the goal's value, as a fraction; in pairs. Null where only one meets the limits, where requests have
 * no answer, and where a value is 0, of which no other is a fraction.
 */
function relative(a: Trial, b: Trial): AnswerTuning["base"]["difference"] {
  const hasZero = [...a.values, ...b.values].some((value) => value <= 0);
  if (isMissed(a) !== isMissed(b) || hasUnanswered(a) || hasUnanswered(b) || hasZero) return null;
  // Of the values: scores also say how far limits are missed.
  const { mean: middle, low, high } = pairedDifference(a.values.map(Math.log), b.values.map(Math.log));
  return { value: Math.expm1(middle), low: Math.expm1(low), high: Math.expm1(high) };
}

function hasUnanswered({ probes = [] }: Trial): boolean {
  return probes.some(({ goals }) => goals.some(({ isUnanswered }) => isUnanswered === true));
}

function pointOf(trial: Trial, goal: TuneGoal): AnswerTuning["front"][number] {
  const { changes, values, probes = [] } = trial;
  const beside = besideOf(trial, goal.name);
  const { share } = extrapolationOf(probes);
  return {
    changes: { ...changes },
    value: mean(values),
    interval: intervalOf(values),
    beside: beside === undefined ? null : { statistic: beside.name, value: mean(beside.values) },
    extrapolated_share: share,
    is_beyond_calibration: share > MARKED,
  };
}

function sensitivityOf(one: Sensitivity, best: Trial): AnswerTuning["sensitivity"][number] {
  return {
    setting: one.setting,
    best: one.best,
    matters: one.matters,
    others: one.alternatives.map(({ value, trial, differs }) => ({
      value,
      differs,
      difference: relative(trial, best),
    })),
  };
}

function worstGoal({ probes }: Trial, goal: TuneGoal): string | null {
  const others = (probes?.[0]?.goals ?? []).filter(({ name }) => name !== goal.name);
  const [first, ...rest] = others;
  return rest.reduce((worst, one) => (one.ratio > worst!.ratio ? one : worst), first)?.name ?? null;
}

/** More requests at once than the measured server had. */
function beyondServer(deployment: Deployment, { changes }: Trial): string[] {
  const measured = Number(deployment.profile.engine.settings.max_num_seqs);
  if (!(Number(changes.max_num_seqs) > measured)) return [];
  const slots = slotsOfServer(inputAt(changedBy(deployment, changes), { x: 1, seed: "1", draw: null, count: 1 }));
  return [`the profile was measured with max_num_seqs ${measured}; ${slots} is beyond it: check it on the server before you rely on it`]; // prettier-ignore
}
