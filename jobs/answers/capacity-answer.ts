/** What was found of a capacity, as an answer. */
import {
  goalsText,
  ANSWER_VERSION,
  type Answer,
  type AnswerInterval,
  type AnswerVerdict,
} from "../../formats/index.js";
import { versionNotes } from "../inputs/index.js";
import type { CapacityFound } from "./capacity.js";
import { costOfRuns } from "./cost.js";
import { unitOf, type Deployment } from "./deployment.js";
import { extrapolationOf } from "./extrapolated-runs.js";
import { nearestMeasured } from "./nearest-measured.js";
import { turnsOf } from "./turns.js";
import type { DetailedProbe } from "./probe.js";

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
  const { deployment, found, atRate, asked, commands } = input;
  const { value, interval: range, spread, slo, binding, evidence, atValue } = found;
  const unit = unitOf(deployment.vary);
  const interval = range === null ? null : { low: range[0], high: range[1] };
  const atPoint = evidence.find(({ varied }) => Number(varied[deployment.vary]) === atValue[0]!.x)!;
  const extrapolated = extrapolationOf(atValue);
  return {
    version: ANSWER_VERSION,
    question: { name: "capacity", goal: goalsText(deployment.goals), asked: { ...asked } },
    value,
    unit,
    interval,
    spread: { ...spread },
    verdict: verdictOf(value, interval, atRate),
    ...turnsOf(deployment, value, atPoint),
    ...(atRate === undefined ? {} : { at_rate: headRoom(value, interval ?? { low: value, high: value }, atRate) }),
    binds: { slo, resource: binding?.resource ?? null },
    next_best:
      binding?.next === undefined
        ? null
        : { change: binding.next.change, value: value * binding.next.factor, unit: unit },
    extrapolated_share: extrapolated.share,
    nearest_measured: nearestMeasured(deployment.profile, atPoint.statistics, `${slo ?? ""}_ms`),
    evidence: [...evidence],
    cost: value === 0 ? null : costAt(input, atValue),
    commands,
    notes: [...versionNotes(deployment), ...found.notes, ...extrapolated.notes],
  };
}

function verdictOf(value: number, interval: AnswerInterval | null, atRate: number | undefined): AnswerVerdict {
  if (atRate === undefined) return value > 0 ? "met" : "cannot_be_met";
  const { low, high } = interval ?? { low: value, high: value };
  if (atRate <= low) return "safe";
  return atRate <= high ? "knee" : "no";
}

function headRoom(value: number, { low, high }: AnswerInterval, rate: number): NonNullable<Answer["at_rate"]> {
  return { rate, head_room: value / rate - 1, interval: { low: low / rate - 1, high: high / rate - 1 } };
}

function costAt({ deployment, pricePerHour }: CapacityAnswerInput, probes: readonly DetailedProbe[]): Answer["cost"] {
  const { profile, policy, replicas, vary } = deployment;
  const asked = vary === "request_rate" ? { requestsPerS: probes[0]!.x } : {};
  return costOfRuns(probes, { profile, policy, pricePerHour, replicas, ...asked });
}
