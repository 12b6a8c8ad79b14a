/** What was found of the settings, as an answer. */
import { ANSWER_VERSION, type Answer, type AnswerEvidence, type AnswerTuning } from "../../formats/index.js";
import { mean, predictionInterval, slotsOfServer } from "../../sim/index.js";
import { versionNotes } from "../inputs/index.js";
import { missingCauses, causesOf } from "../replicate/index.js";
import { costOfRuns } from "./cost.js";
import { inputAt, unitOf, type Deployment } from "./deployment.js";
import { evidenceOf } from "./evidence.js";
import { extrapolationOf } from "./extrapolated-runs.js";
import { nearestMeasured } from "./nearest-measured.js";
import { againstOf, type Sensitivity, type Tuned } from "./tune.js";
import type { TuneGoal } from "./tune-goal.js";
import type { Settings } from "./tune-space.js";
import { isMissed, pairedDifference, type Trial } from "./tune-trials.js";
import { turnsOf } from "./turns.js";

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

export function tuneAnswer(input: TuneAnswerInput): Answer {
  const { deployment, goal, found, pricePerHour, asked, commands } = input;
  const { best, base, front } = found;
  const unit = goal.name === "throughput" ? unitOf(deployment.vary) : goal.unit;
  const interval = predictionInterval(best.values);
  const sample = inputAt(deployment, { x: deployment.replicas, seed: deployment.seed, draw: null, count: found.count });
  const probes = found.atBest;
  const evidence = front
    .slice(0, MOST_EVIDENCE)
    .map((trial) => evidenceOfTrial(trial === best ? { ...trial, probes } : trial, goal));
  const extrapolated = extrapolationOf(probes);
  const next = front.find((trial) => trial !== best);
  return {
    version: ANSWER_VERSION,
    question: { name: "tune", goal: goal.text, asked: { ...asked } },
    value: mean(best.values),
    unit,
    ...turnsOf(deployment, mean(best.values), evidence[0]!),
    interval: interval === null ? null : { low: interval[0], high: interval[1] },
    spread: null,
    verdict: found.verdict,
    binds: { slo: worstGoal(best, goal), resource: null },
    next_best: next === undefined ? null : { change: changesText(next.changes), value: mean(next.values), unit },
    extrapolated_share: extrapolated.share,
    nearest_measured: nearestMeasured(deployment.profile, evidence[0]!.statistics, `${goal.name}_ms`),
    evidence,
    cost: costOfRuns(probes, {
      profile: deployment.profile,
      policy: deployment.policy,
      pricePerHour,
      replicas: deployment.replicas,
    }),
    tuning: {
      command: input.commandOf(best.changes),
      changes: { ...best.changes },
      base: { value: mean(base.values), difference: relative(best, base) },
      front: front.map((trial) => pointOf(trial === best ? { ...trial, probes } : trial, goal)),
      sensitivity: found.sensitivity.map((one) => sensitivityOf(one, best)),
      tried: found.tried,
    },
    commands,
    notes: [
      ...versionNotes(deployment),
      ...found.notes,
      ...missingCauses(sample, causesOf(sample, true)).map((what) => `the interval is too narrow: ${what}`),
      ...extrapolated.notes,
      ...beyondServer(deployment, best),
    ],
  };
}

const MOST_EVIDENCE = 6;

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
  if (
    isMissed(a) !== isMissed(b) ||
    hasUnanswered(a) ||
    hasUnanswered(b) ||
    [...a.values, ...b.values].some((value) => value <= 0)
  )
    return null;
  // Of the values: scores also say how far limits are missed.
  const { mean: middle, low, high } = pairedDifference(a.values.map(Math.log), b.values.map(Math.log));
  return { value: Math.expm1(middle), low: Math.expm1(low), high: Math.expm1(high) };
}

function hasUnanswered({ probes = [] }: Trial): boolean {
  return probes.some(({ goals }) => goals.some(({ isUnanswered }) => isUnanswered === true));
}

function pointOf(trial: Trial, goal: TuneGoal): AnswerTuning["front"][number] {
  const interval = predictionInterval(trial.values);
  const against = againstOf(trial, goal.name);
  const { share } = extrapolationOf(trial.probes ?? []);
  return {
    changes: { ...trial.changes },
    value: mean(trial.values),
    interval: interval === null ? null : { low: interval[0], high: interval[1] },
    beside: against === undefined ? null : { statistic: against.name, value: mean(against.values) },
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
  return others.reduce<{ name: string; ratio: number } | null>((worst, one) => (worst === null || one.ratio > worst.ratio ? one : worst), null)?.name ?? null; // prettier-ignore
}

/** More requests at once than the measured server had. */
function beyondServer(deployment: Deployment, { changes }: Trial): string[] {
  const measured = Number(deployment.profile.engine.settings.max_num_seqs);
  if (!(Number(changes.max_num_seqs) > measured)) return [];
  const slots = slotsOfServer(inputAt({ ...deployment, policy: { ...deployment.policy, settings: { ...deployment.policy.settings, ...changes } } }, { x: 1, seed: "1", draw: null, count: 1 })); // prettier-ignore
  return [`the profile was measured with max_num_seqs ${measured}; ${slots} is beyond it: check it on the server before you rely on it`]; // prettier-ignore
}
