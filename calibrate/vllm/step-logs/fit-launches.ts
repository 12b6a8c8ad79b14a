/** Launches of engine steps as step logs show them: how long they take by kind, how they vary, when the GPU begins. */
import type { Variation } from "../../../formats/index.js";
import { mean, meanOf, quantileOf, type GraphKind } from "../../../sim/index.js";
import {
  censoredQuantiles,
  type Sighting,
  growthOf,
  rounded,
  significantGrowth,
  weightedQuantiles,
  type Growth,
} from "../../fit/numerics/index.js";
import {
  gpuNsOf,
  forEachGraph,
  idleSpanNs,
  launchScale,
  type EngineModel,
  type LaunchTimes,
  type EngineLog,
} from "./engine-model.js";
import type { Reading } from "./read-timeline.js";
import type { TimedStep } from "../recording/index.js";

export interface LaunchFit extends LaunchTimes {
  readonly variation?: Variation | undefined;
  /** Steps whose launch showed. */
  readonly steps: number;
}

/** Launches of a kind in traffic, from which on idle ones are left out. */
const ENOUGH_LAUNCHES = 40;

/** Steps that the lead of a launch is read from, at least. */
const MIN_LEADS = 20;

/** Where a launch of each kind lets the GPU begin, until fitted: one graph at its end, single kernels at once. */
export const typicalLead: Readonly<Record<GraphKind, number>> = { full: 0.9, piecewise: 0.03, none: 0.03 };

export function launchModels(
  logs: readonly EngineLog[],
  readings: readonly (readonly Reading[])[],
  model: EngineModel,
): EngineModel["launch"] {
  return forEachGraph((kind) => {
    const { baseNs, requestNs, p90Ratio, overlapPower } = launchOf(kind, logs, readings, model);
    return { baseNs, requestNs, p90Ratio, overlapPower, lead: leadOf(kind, readings, model) };
  });
}

/** The launches of a kind: line, variation about it, how much one resembles the one before. */
export function launchOf(
  kind: GraphKind,
  logs: readonly EngineLog[],
  readings: readonly (readonly Reading[])[],
  model: EngineModel,
): LaunchFit {
  const before = model.launch[kind];
  // Launches take longer with one step in flight than with two: those of the first recording's mode count.
  const isOfMode = logs.map(({ isAsync }) => isAsync === logs[0]!.isAsync);
  const perRun = readings.map((run, at) => (isOfMode[at]! ? sightingsOf(kind, run, logs[at]!, model) : []));
  const traffic = perRun.filter((_, at) => !logs[at]!.isProbes).flat();
  const isEnough = (some: readonly LaunchSighting[]): boolean =>
    some.filter(({ isExact }) => isExact).length >= ENOUGH_LAUNCHES;
  const seen = isEnough(traffic) ? traffic : perRun.flat();
  const afterPrefills = kind === "full" && !areMostlyExact(seen) ? seen.filter(isAfterPrefill) : [];
  const used = isEnough(afterPrefills) ? afterPrefills : seen;
  const exact = used.filter(({ isExact }) => isExact);
  const line = exact.length < ENOUGH_LAUNCHES ? before : lineOf(used, before);
  const costNs = (requests: number): number => Math.max(1, line.baseNs + line.requestNs * requests);
  const ratiosOf = (sightings: readonly LaunchSighting[]): Sighting[] =>
    sightings.map(({ value, requests, isExact }) => ({ value: value / costNs(requests), isExact }));
  const quantiles = used === seen ? censoredQuantiles(ratiosOf(seen)) : withTail(ratiosOf(used), ratiosOf(seen));
  if (quantiles === undefined) return { ...before, steps: exact.length };
  const scale = meanOf(quantiles);
  const ratios = quantiles.map(([p, ratio]): [number, number] => [p, ratio / scale]);
  return {
    baseNs: line.baseNs * scale,
    requestNs: line.requestNs * scale,
    lead: before.lead,
    overlapPower: before.overlapPower,
    p90Ratio: ratios.find(([p]) => p >= 0.9)?.[1] ?? 1,
    variation: { quantiles: rounded(ratios) },
    steps: exact.length,
  };
}

/** A launch at pace 1. */
interface LaunchSighting extends Sighting {
  readonly requests: number;
  readonly step: TimedStep;
}

/** Decodes after a step that prefills: its launch is so long that the GPU hides theirs less. */
function isAfterPrefill({ step }: LaunchSighting): boolean {
  return (step.previous?.record.prefillTokens ?? 0) > 0;
}

function sightingsOf(
  kind: GraphKind,
  readings: readonly Reading[],
  log: EngineLog,
  model: EngineModel,
): LaunchSighting[] {
  return readings
    .filter(({ step }) => step.kind === kind)
    .flatMap((reading) => {
      const { step } = reading;
      const [launchNs, isExact] = log.isAsync
        ? [step.shownBy === step ? NaN : reading.launchNs, reading.isLaunchExact]
        : [launchBehindGpu(reading, model), true];
      if (Number.isNaN(launchNs)) return [];
      return [{ value: launchNs / launchScale(model, step), isExact, requests: step.record.scheduledRequests, step }];
    });
}

/** With one step in flight its launch is what is left of its time: until the GPU's end it is max(lead x L + gpu, L), or softly so. */
function launchBehindGpu({ step }: Reading, model: EngineModel): number {
  const totalNs = step.updateStartNs - model.copyNs - step.scheduleEndNs;
  const { lead, overlapPower } = model.launch[step.kind];
  const gpuNs = gpuNsOf(step, model.gpu);
  if (overlapPower < Infinity && step.record.prefillTokens > 0) return launchOfSpan(step, model, totalNs, gpuNs);
  if (lead * totalNs + gpuNs <= totalNs) return totalNs;
  return lead > 0 && totalNs > gpuNs ? Math.min(totalNs, (totalNs - gpuNs) / lead) : NaN;
}

/** GPU times of more than this share of a span leave too little of it to show the launch. */
const MAX_GPU = 0.9;

function launchOfSpan(step: TimedStep, model: EngineModel, spanNs: number, gpuNs: number): number {
  if (!(gpuNs < MAX_GPU * spanNs)) return NaN;
  let [low, high] = [0, spanNs];
  for (let half = 0; half < 40; half++) {
    const middle = (low + high) / 2;
    if (idleSpanNs(model, step, middle, gpuNs) < spanNs) low = middle;
    else high = middle;
  }
  return low;
}

function areMostlyExact(sightings: readonly Sighting[]): boolean {
  return sightings.filter(({ isExact }) => isExact).length >= 0.8 * sightings.length;
}

/** Launches that show by themselves say how they grow with the requests; hidden ones would tilt the line. */
function lineOf(sightings: readonly LaunchSighting[], before: Growth): Growth {
  const exact = sightings.filter(({ isExact }) => isExact);
  const middleNs = quantileOf(
    exact.map(({ value }) => value),
    0.5,
  );
  if (!areMostlyExact(sightings)) return censoredLine(sightings) ?? { baseNs: middleNs, requestNs: 0 };
  const usual = exact.filter(({ value }) => value < 3 * middleNs);
  const line = significantGrowth(usual.map(({ requests, value }) => ({ requests, ns: value })));
  return line.baseNs > 0 ? line : before;
}

/** The quantiles of `some`, but for what is so long that nothing hides it: `all` says how often that comes. */
function withTail(some: readonly Sighting[], all: readonly Sighting[]): [number, number][] | undefined {
  const body = censoredQuantiles(some, { points: 401 });
  const hidden = all.filter(({ isExact }) => !isExact).map(({ value }) => value);
  if (body === undefined || hidden.length === 0) return body;
  const clear = quantileOf(hidden, 0.95);
  const tail = all.filter(({ isExact, value }) => isExact && value > clear).map(({ value }) => value);
  const values = body
    .slice(1)
    .flatMap(([p, value], at) => (value > clear ? [] : [{ value, weight: p - body[at]![0] }]));
  const inBody = values.reduce((sum, { weight }) => sum + weight, 0);
  const tailShare = tail.length / all.length;
  const weights = values.map(({ weight }) => ((1 - tailShare) * weight) / inBody);
  return weightedQuantiles(
    [...values.map(({ value }) => value), ...tail],
    [...weights, ...tail.map(() => tailShare / tail.length)],
  );
}

/** Groups by requests, and launches that show of each, from which a line through half-hidden ones is fitted. */
const GROUPS = 5;
const MIN_SHOWN = 30;

/** A line through the means of groups of like requests, of each what hidden launches allow; undefined: too few groups. */
function censoredLine(sightings: readonly LaunchSighting[]): Growth | undefined {
  const ordered = [...sightings].sort((a, b) => a.requests - b.requests);
  const size = Math.ceil(ordered.length / GROUPS);
  const points = Array.from({ length: GROUPS }, (_, k) => ordered.slice(k * size, (k + 1) * size)).flatMap((group) => {
    const shown = group.filter(({ isExact }) => isExact);
    const quantiles = shown.length < MIN_SHOWN ? undefined : censoredQuantiles(group);
    if (quantiles === undefined) return [];
    const ns = meanOf(quantiles);
    const spreadNs = Math.sqrt(mean(shown.map(({ value }) => (value - ns) ** 2)) / shown.length);
    return [{ requests: mean(group.map(({ requests }) => requests)), ns, spreadNs }];
  });
  if (points.length < 3) return undefined;
  const line = growthOf(points);
  const meanX = mean(points.map(({ requests }) => requests));
  const xx = points.reduce((sum, { requests }) => sum + (requests - meanX) ** 2, 0);
  const errorNs =
    Math.sqrt(points.reduce((sum, { requests, spreadNs }) => sum + ((requests - meanX) * spreadNs) ** 2, 0)) / xx;
  return line.requestNs > 3 * errorNs ? line : { baseNs: mean(points.map(({ ns }) => ns)), requestNs: 0 };
}

/** The part of a launch after which the GPU begins: of full graphs, from steps that found the GPU idle and whose launch shows. */
function leadOf(kind: GraphKind, readings: readonly (readonly Reading[])[], model: EngineModel): number {
  if (kind !== "full") return model.launch[kind].lead;
  const leads = readings.flat().flatMap(({ step, isLaunchExact, launchNs, startsIdle, untilGpuEndNs }) => {
    if (step.kind !== kind || !isLaunchExact || !startsIdle || Number.isNaN(untilGpuEndNs)) return [];
    return [(untilGpuEndNs - gpuNsOf(step, model.gpu)) / launchNs];
  });
  if (leads.length < MIN_LEADS) return model.launch[kind].lead;
  return Math.min(1, Math.max(0, quantileOf(leads, 0.5)));
}
