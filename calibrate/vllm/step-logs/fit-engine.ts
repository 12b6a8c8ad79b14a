/**
 * Fits the engine's two clocks to step logs. Which launches and GPU times show depends on the model, so reading and
 * fitting take turns until they agree. GPU costs come from every recording; launches from traffic, where there is
 * enough, because they take longer there than on an idle server.
 */
import type { EngineJitter, Variation } from "../../../formats/index.js";
import { mean, quantileOf, type GraphKind } from "../../../sim/index.js";
import { type LinearSolver, variationOf } from "../../fit/index.js";
import { intervalsOf, resampledFits, type Intervals } from "./engine-intervals.js";
import { graphKinds, type EngineModel, type GpuTimes, type LaunchTimes, type Recency } from "./engine-model.js";
import { fitGpu, gpuRatios, type GpuFit } from "./fit-gpu.js";
import { launchModels, launchOf, typicalLead, type EngineLog, type LaunchFit } from "./fit-launches.js";
import { readTimeline, type Reading } from "./read-timeline.js";
import { TYPICAL_OVERLAP, withOverlap } from "./fit-overlap.js";
import { fitPace } from "./fit-pace.js";
import { recencyOf } from "./fit-recency.js";
import { callNs, paceAt, type CallCosts, type PacePath } from "../recording/index.js";
import { runSpreadOf } from "./run-paces.js";
import { stepLogConstants, type StepLogConstants } from "../step-log-constants.js";

export interface EngineFit {
  readonly gpu: GpuTimes;
  readonly launch: Readonly<Record<GraphKind, LaunchFit>>;
  readonly calls: CallCosts;
  readonly recency?: Recency | undefined;
  /** Whether a synchronous run showed how launch and GPU overlap. */
  readonly overlapIsTold: boolean;
  readonly copyNs: number;
  readonly sendNs: number;
  readonly variations: {
    readonly schedule?: Variation | undefined;
    readonly update?: Variation | undefined;
    readonly gpu?: Variation | undefined;
  };
  readonly pace: EngineJitter["pace"];
  /** Of each recording. */
  readonly paths: readonly PacePath[];
  /** Standard deviation of the logarithm of the pace between runs of one load; undefined with fewer than five. */
  readonly runSpread?: number | undefined;
  /** 95 % intervals of GPU costs and of launches' base times, ns, by their place in a profile's cost. */
  readonly intervals: Intervals;
  /** Fits to resampled stretches of the logs, by place in a profile's cost. */
  readonly draws: readonly Readonly<Record<string, number>>[];
  /** What the logs do not tell, a sentence each. */
  readonly unidentified: readonly string[];
}

/** Results reach the host this long after the GPU has them; not told apart from GPU time by any log. */
const COPY_NS = 76_000;
const PASSES = 8;
/** Calls this far from their cost, in the logarithm, were interrupted. */
const MAX_CALL_LOG_RATIO = 0.6;

const launchKeys: Readonly<Record<GraphKind, string>> = {
  full: "host.launch_full_graph",
  piecewise: "host.launch_piecewise",
  none: "host.launch_no_graph",
};

export interface EngineFitOptions {
  /** Costs of this GPU and model from elsewhere, which are not fitted. */
  readonly knownGpu?: GpuTimes | undefined;
  readonly constants?: StepLogConstants | undefined;
}

export function fitEngine(
  logs: readonly EngineLog[],
  solver: LinearSolver,
  { knownGpu, constants: { doubt } = stepLogConstants }: EngineFitOptions = {},
): EngineFit {
  const paces = fitPace(logs, solver);
  logs.forEach(({ timeline }, at) => {
    for (const step of timeline.steps) step.pace = paceAt(paces.paths[at]!, step.scheduleEndNs);
  });
  const first = firstModel(logs);
  let model = knownGpu === undefined ? first : { ...first, gpu: knownGpu };
  let fit: GpuFit | undefined;
  const gpuFromAsync = logs.some(({ isAsync }) => isAsync);
  for (let pass = 0; pass < PASSES; pass++) {
    const readings = logs.map(({ timeline }) => readTimeline(timeline, model, doubt));
    // One step in flight: launch and GPU time show as their sum alone, so GPU costs come from elsewhere if they can.
    const gpuReadings = readings.filter((_, at) => logs[at]!.isAsync || !gpuFromAsync).flat();
    fit = fitGpu(gpuReadings, model.gpu, solver);
    model = { ...model, gpu: knownGpu ?? fit.gpu };
    const again = logs.map(({ timeline }) => readTimeline(timeline, model, doubt));
    model = { ...model, launch: launchModels(logs, again, model) };
    model = { ...model, recency: recencyOf(logs, again, model) };
    model = { ...model, launch: withOverlap(logs, again, model) };
  }
  const readings = logs.map(({ timeline }) => readTimeline(timeline, model, doubt));
  const sends = logs.flatMap(({ timeline }) => timeline.sendsNs);
  const launch = Object.fromEntries(
    graphKinds.map((kind) => [kind, launchOf(kind, logs, readings, model)]),
  ) as unknown as Record<GraphKind, LaunchFit>;
  const draws = resampledFits(readings, (resampled) => {
    const gpuReadings = resampled.filter((_, at) => logs[at]!.isAsync || !gpuFromAsync).flat();
    const gpu: Partial<GpuTimes> = knownGpu === undefined ? fitGpu(gpuReadings, model.gpu, solver).gpu : {};
    const launches = graphKinds.flatMap((kind) => {
      const { baseNs, requestNs } = launchOf(kind, logs, resampled, model);
      const slope = launch[kind].requestNs > 0 ? [[`${launchKeys[kind]}.request_ns`, requestNs]] : [];
      // Where the fit has no slope a draw has none: its mean takes it.
      const meanNs = launch[kind].requestNs > 0 ? baseNs : baseNs + requestNs * meanRequests(resampled, kind);
      return [[`${launchKeys[kind]}.base_ns`, meanNs], ...slope];
    });
    return {
      ...Object.fromEntries(
        Object.entries(gpu).flatMap(([name, ns]) => (typeof ns === "number" ? [[`gpu.${name}`, ns]] : [])),
      ),
      ...(Object.fromEntries(launches) as Record<string, number>),
      ...callDraw(resampled, paces.means),
    };
  });
  return {
    gpu: model.gpu,
    launch,
    calls: paces.means,
    recency: model.recency,
    overlapIsTold: gpuFromAsync && logs.some(({ isAsync, isProbes }) => !isAsync && !isProbes),
    copyNs: COPY_NS,
    sendNs: sends.length === 0 ? 0 : mean(sends),
    variations: {
      ...paces.residuals,
      gpu: variationOf(gpuRatios(readings.flat(), model.gpu).filter((ratio) => ratio > 0.7 && ratio < 1.5)),
    },
    pace: paces.pace,
    paths: paces.paths,
    runSpread: runSpreadOf(logs, paces.paths),
    intervals: intervalsOf(draws.map(withoutSlopes)),
    draws,
    unidentified: [
      ...unidentifiedOf(knownGpu === undefined ? fit : undefined, launch),
      ...graphKinds
        .filter((kind) => model.launch[kind].lead === typicalLead[kind])
        .map((kind) => `how far into a launch of kind "${kind}" the GPU begins: ${model.launch[kind].lead} is assumed`),
    ],
  };
}

/** Slopes of launches and calls go with their bases: an interval of one alone says little. */
function withoutSlopes(draw: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(draw).filter(([name]) => name.startsWith("gpu.") || /^host\.launch_.*\.base_ns$/.test(name)),
  );
}

function meanRequests(readings: readonly (readonly Reading[])[], kind: GraphKind): number {
  const counts = readings.flat().flatMap(({ step }) => (step.kind === kind ? [step.record.scheduledRequests] : []));
  return counts.length === 0 ? 0 : mean(counts);
}

/** The mean costs of the calls as resampled steps have them: each moved as a whole by the mean of its ratios, interruptions apart. */
function callDraw(readings: readonly (readonly Reading[])[], means: CallCosts): Readonly<Record<string, number>> {
  const scaleOf = (isUpdate: boolean): number => {
    const logs = readings.flat().flatMap(({ step: { record, pace } }) => {
      const { scheduledRequests: requests, prefillRequests } = record;
      const [fromNs, toNs] = isUpdate
        ? [record.updateStartNs ?? NaN, record.updateEndNs ?? NaN]
        : [record.scheduleStartNs, record.scheduleEndNs];
      const usualNs = callNs(means, { isUpdate, requests, prefillRequests, atNs: fromNs, ns: toNs - fromNs }) * pace;
      const log = Math.log((toNs - fromNs) / usualNs);
      return Math.abs(log) < MAX_CALL_LOG_RATIO ? [log] : [];
    });
    return logs.length === 0 ? 1 : Math.exp(mean(logs));
  };
  return { schedule: scaleOf(false), update: scaleOf(true) };
}

/** A start that reading can improve on: decodes as long as they seem, launches as they are on known servers. */
function firstModel(logs: readonly EngineLog[]): EngineModel {
  const gaps: number[] = [];
  const perToken: number[] = [];
  for (const { timeline } of logs) {
    for (const step of timeline.steps) {
      const { record, previous, updateStartNs } = step;
      const sinceNs = updateStartNs - Math.max(previous?.updateStartNs ?? -Infinity, step.scheduleEndNs);
      if (!(sinceNs > 0)) continue;
      if (record.prefillTokens === 0) gaps.push(sinceNs);
      else if (record.scheduledTokens > 1000) perToken.push(sinceNs / record.scheduledTokens);
    }
  }
  const decodeNs = gaps.length === 0 ? 1e6 : quantileOf(gaps, 0.25);
  const drained = drainedLaunches(logs, decodeNs);
  const launch = (kind: GraphKind, ns: number): LaunchTimes => ({
    baseNs: ns,
    requestNs: 0,
    lead: typicalLead[kind],
    overlapPower: kind === "full" ? Infinity : TYPICAL_OVERLAP,
    p90Ratio: 1.3,
  });
  return {
    copyNs: COPY_NS,
    gpu: {
      decode_base_ns: 0.9 * decodeNs,
      decode_padded_token_ns: 0,
      context_token_ns: 0,
      mixed_base_ns: 0.9 * decodeNs,
      prefill_base_ns: 0,
      prefill_padded_token_ns: perToken.length === 0 ? decodeNs / 300 : quantileOf(perToken, 0.4),
      attention_pair_ns: 0,
    },
    launch: {
      full: launch("full", drained.length < 20 ? 0.5 * decodeNs : quantileOf(drained, 0.25)),
      piecewise: launch("piecewise", 1.5 * decodeNs),
      none: launch("none", 3 * decodeNs),
    },
  };
}

/** Launches of decodes after a step whose own launch took so long that the GPU was done with it, whatever it needs. */
function drainedLaunches(logs: readonly EngineLog[], decodeNs: number): number[] {
  return logs.flatMap(({ timeline }) =>
    timeline.steps.flatMap(({ kind, previous, shownBy, scheduleEndNs }) => {
      if (kind !== "full" || previous === undefined || previous.kind === "full" || shownBy !== previous) return [];
      const before = previous.shownBy;
      if (before === undefined || before === previous || previous.record.prefillTokens > 500) return [];
      const isLong = before.updateStartNs - previous.scheduleEndNs > 1.5 * decodeNs;
      return isLong && shownBy.updateStartNs > 0 ? [shownBy.updateStartNs - scheduleEndNs] : [];
    }),
  );
}

function unidentifiedOf(gpu: GpuFit | undefined, launch: Readonly<Record<GraphKind, LaunchFit>>): string[] {
  const told: string[] = [];
  if (gpu !== undefined && gpu.decodeSteps < 20) {
    told.push("GPU time of decodes: the host was slower in nearly every step, it is a guess");
  }
  if (gpu !== undefined && gpu.mixedSteps < 20) {
    told.push("GPU time of short prefill steps: hidden by their launch, assumed to be a decode's");
  }
  if (gpu !== undefined && gpu.computeSteps < 20) {
    told.push("GPU time per prefill token: too few long prefills, it is a guess");
  }
  for (const kind of graphKinds) {
    if (launch[kind].steps < 8) told.push(`launch of steps of kind "${kind}": it never showed, it is a guess`);
  }
  return told;
}
