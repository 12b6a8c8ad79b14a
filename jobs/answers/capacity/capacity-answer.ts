/** What was found of a capacity, as an answer. */
import {
  ANSWER_VERSION,
  defined,
  goalsText,
  type Answer,
  type AnswerInterval,
  type AnswerVerdict,
} from "../../../formats/index.js";
import { versionNotes } from "../../inputs/index.js";
import { costOfRuns, extrapolationOf, nearestMeasured, turnsOf } from "../parts/index.js";
import { unitOf, type Deployment } from "../run/index.js";
import type { CapacityFound } from "./capacity.js";

export interface CapacityAnswerInput {
  readonly deployment: Deployment;
  readonly found: CapacityFound;
  /** A load to be judged. */
  readonly atRate?: number | undefined;
  readonly pricePerHour?: number | undefined;
  /** What was asked, so that the answer can be checked. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly commands: Answer["commands"];
}

export function capacityAnswer(input: CapacityAnswerInput): Answer {
  const { deployment, found, atRate, pricePerHour, asked, commands } = input;
  const { value, interval: range, spread, slo, binding, evidence, atValue } = found;
  const { vary, profile, goals } = deployment;
  const [low, high] = range ?? [value, value];
  const unit = unitOf(vary);
  const atPoint = evidence.find(({ varied }) => Number(varied[vary]) === atValue[0]!.x)!;
  const extrapolated = extrapolationOf(atValue);
  const { next, resource = null } = binding ?? {};
  const requestsPerS = vary === "request_rate" ? atValue[0]!.x : undefined;
  return {
    version: ANSWER_VERSION,
    question: { name: "capacity", goal: goalsText(goals), asked: { ...asked } },
    value,
    unit,
    interval: range === null ? null : { low, high },
    spread: { ...spread },
    verdict: verdictOf(value, { low, high }, atRate),
    ...turnsOf(deployment, value, atPoint),
    ...(atRate === undefined ? {} : { at_rate: headRoom(value, { low, high }, atRate) }),
    binds: { slo, resource },
    next_best: next === undefined ? null : { change: next.change, value: value * next.factor, unit },
    extrapolated_share: extrapolated.share,
    nearest_measured: nearestMeasured(profile, atPoint.statistics, `${slo ?? ""}_ms`),
    evidence: [...evidence],
    cost: value === 0 ? null : costOfRuns(atValue, { ...deployment, pricePerHour, ...defined({ requestsPerS }) }),
    commands,
    notes: [...versionNotes(deployment), ...found.notes, ...extrapolated.notes],
  };
}

function verdictOf(value: number, { low, high }: AnswerInterval, atRate: number | undefined): AnswerVerdict {
  if (atRate === undefined) return value > 0 ? "met" : "cannot_be_met";
  if (atRate <= low) return "safe";
  return atRate <= high ? "knee" : "no";
}

function headRoom(value: number, { low, high }: AnswerInterval, rate: number): NonNullable<Answer["at_rate"]> {
  return { rate, head_room: value / rate - 1, interval: { low: low / rate - 1, high: high / rate - 1 } };
}
