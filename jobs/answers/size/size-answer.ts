/** What was found of the number of replicas, as an answer. */
import { ANSWER_VERSION, defined, goalsText, type Answer, type AnswerSizing } from "../../../formats/index.js";
import { versionNotes } from "../../inputs/index.js";
import { costOfRuns, extrapolationOf, nearestMeasured, turnsOf } from "../parts/index.js";
import type { Deployment } from "../run/index.js";
import type { Autoscaled } from "./autoscaled.js";
import type { HeadRoom } from "./head-room.js";
import { ENOUGH, type Size } from "./size.js";
import type { SizedWindows } from "./size-windows.js";

export interface SizeAnswerInput {
  readonly deployment: Deployment;
  readonly found: Size;
  readonly pricePerHour?: number | undefined;
  /** What was asked, so that the answer can be checked. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly commands: Answer["commands"];
}

const UNIT = "replicas";

export function sizeAnswer(input: SizeAnswerInput): Answer {
  const { deployment, found, pricePerHour, asked, commands } = input;
  const { value, low, high, binding, evidence, atValue, headRoom } = found;
  const atPoint = evidence.find(({ varied }) => varied.replicas === (value ?? found.most))!;
  const extrapolated = extrapolationOf(atValue);
  const { slo, resource, next } = binding;
  return {
    version: ANSWER_VERSION,
    question: { name: "size", goal: goalsText(deployment.goals), asked: { ...asked } },
    value,
    unit: UNIT,
    interval: low === null || high === null ? null : { low, high },
    spread: null,
    verdict: value === null ? "cannot_be_met" : "met",
    ...turnsOf(deployment, value, atPoint),
    ...(headRoom === undefined ? {} : { at_rate: atRateOf(headRoom) }),
    binds: { slo, resource },
    next_best: next === undefined ? null : { ...next, unit: UNIT },
    extrapolated_share: extrapolated.share,
    nearest_measured: nearestMeasured(deployment.profile, atPoint.statistics, `${slo ?? ""}_ms`),
    evidence: [...evidence],
    cost: value === null ? null : costOfRuns(atValue, { ...deployment, pricePerHour, replicas: value }),
    sizing: sizingOf(found),
    commands,
    notes: [...versionNotes(deployment), ...found.notes, ...extrapolated.notes],
  };
}

function atRateOf({ ratePerS, headRoom, low, high }: HeadRoom): Answer["at_rate"] {
  return { rate: ratePerS, head_room: headRoom, interval: { low, high } };
}

function sizingOf({ router, value, low, high, others, most, windows, autoscaled }: Size): AnswerSizing {
  return {
    by_router: [{ router, value, low, high }, ...others],
    tried: most,
    ...defined({
      trace: windows && traceOf(windows),
      autoscale: autoscaled && autoscaleOf(autoscaled),
    }),
  };
}

function traceOf(sized: SizedWindows): NonNullable<AnswerSizing["trace"]> {
  return {
    window_s: sized.windowS,
    windows: sized.windows.map(({ startS, endS, requests, replicas }) => ({
      start_s: startS,
      end_s: endS,
      requests,
      replicas,
    })),
    fixed_replica_hours: sized.fixedReplicaHours,
    ideal_replica_hours: sized.idealReplicaHours,
  };
}

function autoscaleOf(found: Autoscaled): NonNullable<AnswerSizing["autoscale"]> {
  const { plan, metShare, states, goals } = found;
  return {
    plan: {
      signal: plan.signal,
      target: plan.target,
      startup_s: plan.startupS,
      interval_s: plan.intervalS,
      scale_down_delay_s: plan.scaleDownDelayS,
      min: plan.min,
      max: plan.max,
      initial: plan.initial ?? plan.min,
    },
    verdict: metShare >= ENOUGH ? "met" : metShare > 1 - ENOUGH ? "knee" : "no",
    met_share: metShare,
    attainment: { ...found.attainment },
    minutes: found.minutes,
    minutes_outside: { ...found.minutesOutside },
    replica_hours: { ...found.replicaHours },
    mean_replicas: found.meanReplicas,
    peak_replicas: found.peak,
    statistics: { ...goals },
    timeline: states.map(({ atNs, serving, starting, draining }) => ({
      at_s: atNs / 1e9,
      serving,
      starting,
      draining,
    })),
  };
}
