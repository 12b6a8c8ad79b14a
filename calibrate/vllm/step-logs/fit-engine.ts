/**
 * Fits the engine's two clocks to step logs. Which launches and GPU times show depends on the model, so reading and
 * fitting take turns until they agree. GPU costs come from every recording; launches from traffic, where there is
 * enough, because they take longer there than on an idle server.
 */
import type { EngineJitter, Variation } from "../../../formats/index.js";
import { mean, type GraphKind } from "../../../sim/index.js";
import { type LinearSolver, variationOf } from "../../fit/numerics/index.js";
import { intervalsOf, resampledFits, type Intervals } from "./resampled-fits.js";
import { COPY_NS, firstModel } from "./first-model.js";
import {
  forEachGraph,
  graphKinds,
  type EngineLog,
  type EngineModel,
  type GpuTimes,
  type Recency,
} from "./engine-model.js";
import { decodeSizesOf, refitFactors, type DecodeSizes } from "./fit-decode-sizes.js";
import { fitGpu, gpuRatios, type GpuFit } from "./fit-gpu.js";
import { launchModels, launchOf, typicalLead, type LaunchFit } from "./fit-launches.js";
import { readTimeline, type Reading } from "./read-timeline.js";
import { withOverlap } from "./fit-overlap.js";
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
  /** What the logs do not show, a sentence each. */
  readonly unidentified: readonly string[];
  /** What they show beyond what every profile has, likewise. */
  readonly findings: readonly string[];
}

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
  const gpuFromAsync = logs.some(({ isAsync }) => isAsync);
  const problem: EngineProblem = {
    ...{ logs, solver, knownGpu },
    read: (model) => logs.map(({ timeline }) => readTimeline(timeline, model, doubt)),
    // One step in flight: only the sum of launch and GPU time shows, so GPU costs come from elsewhere if they can.
    gpuReadings: (readings) => readings.filter((_, at) => logs[at]!.isAsync || !gpuFromAsync),
  };
  const { model, gpuFit, sizes } = withSizes(problem, alternate(problem));
  const readings = problem.read(model);
  const sends = logs.flatMap(({ timeline }) => timeline.sendsNs);
  const launch = forEachGraph((kind) => launchOf(kind, logs, readings, model));
  const draws = resampledFits(readings, (resampled) => ({
    ...resampledCosts(problem, resampled, { model, launch }),
    ...callDraw(resampled, paces.means),
  }));
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
    unidentified: [...unidentifiedOf(gpuFit, launch), ...assumedLeads(model)],
    findings: sizesNotes(sizes),
  };
}

type LogReadings = readonly (readonly Reading[])[];

/** What the engine's costs are fitted to; readings are those of each log. */
interface EngineProblem {
  readonly logs: readonly EngineLog[];
  readonly solver: LinearSolver;
  readonly knownGpu: GpuTimes | undefined;
  readonly read: (model: EngineModel) => LogReadings;
  /** Those that GPU costs are fitted to. */
  readonly gpuReadings: (readings: LogReadings) => LogReadings;
}

interface Alternated {
  readonly model: EngineModel;
  /** Undefined where the GPU's costs were known. */
  readonly gpuFit: GpuFit | undefined;
}

/** Reads the logs by a model and fits the model to what was read, in turns. */
function alternate({ logs, solver, knownGpu, read, gpuReadings }: EngineProblem): Alternated {
  const first = firstModel(logs);
  let model = knownGpu === undefined ? first : { ...first, gpu: knownGpu };
  let gpuFit: GpuFit | undefined;
  for (let pass = 0; pass < PASSES; pass++) {
    if (knownGpu === undefined) {
      gpuFit = fitGpu(gpuReadings(read(model)).flat(), model.gpu, solver);
      model = { ...model, gpu: gpuFit.gpu };
    }
    const readings = read(model);
    model = { ...model, launch: launchModels(logs, readings, model) };
    model = { ...model, recency: recencyOf(logs, readings, model) };
    model = { ...model, launch: withOverlap(logs, readings, model) };
  }
  return { model, gpuFit };
}

/** With times of decode steps by padded size, where the logs show that they are not on a line; its costs are then read and fitted anew. */
function withSizes(
  { solver, knownGpu, read, gpuReadings }: EngineProblem,
  { model: onLine, gpuFit }: Alternated,
): Alternated & { readonly sizes: DecodeSizes | undefined } {
  const sizes = knownGpu === undefined ? decodeSizesOf(gpuReadings(read(onLine)), onLine.gpu) : undefined;
  const factors = sizes?.factors;
  if (factors === undefined) return { model: onLine, gpuFit, sizes };
  const readings = gpuReadings(read({ ...onLine, gpu: { ...onLine.gpu, decode_factors: factors } }));
  const line = fitGpu(readings.flat(), onLine.gpu, solver);
  const gpu = { ...line.gpu, decode_factors: refitFactors(factors, readings, line.gpu) };
  return { model: { ...onLine, gpu }, gpuFit: line, sizes };
}

/** Costs of GPU and launches as resampled steps have them, by their place in a profile's cost. */
function resampledCosts(
  { logs, solver, knownGpu, gpuReadings }: EngineProblem,
  resampled: LogReadings,
  { model, launch }: Pick<EngineFit, "launch"> & { readonly model: EngineModel },
): Readonly<Record<string, number>> {
  const draw = knownGpu === undefined ? gpuDraw(gpuReadings(resampled), model.gpu, solver) : {};
  for (const kind of graphKinds) {
    const { baseNs, requestNs } = launchOf(kind, logs, resampled, model);
    const hasSlope = launch[kind].requestNs > 0;
    // Where the fit has no slope a draw has none: its mean takes it.
    draw[`${launchKeys[kind]}.base_ns`] = hasSlope ? baseNs : baseNs + requestNs * meanRequests(resampled, kind);
    if (hasSlope) draw[`${launchKeys[kind]}.request_ns`] = requestNs;
  }
  return draw;
}

function gpuDraw(
  readings: LogReadings,
  { decode_factors: factors, ...onLine }: GpuTimes,
  solver: LinearSolver,
): Record<string, number> {
  const { gpu } = fitGpu(readings.flat(), onLine, solver);
  const draw: Record<string, number> = {};
  for (const [name, ns] of Object.entries(gpu)) if (typeof ns === "number") draw[`gpu.${name}`] = ns;
  if (factors === undefined) return draw;
  refitFactors(factors, readings, gpu).forEach(([, factor], at) => (draw[`gpu.decode_factors.${at}.1`] = factor));
  return draw;
}

/** Slopes of launches and calls go with their bases: an interval of only one says little. */
function withoutSlopes(draw: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(draw).filter(([name]) => name.startsWith("gpu.") || /^host\.launch_.*\.base_ns$/.test(name)),
  );
}

function meanRequests(readings: LogReadings, kind: GraphKind): number {
  const counts = readings.flat().flatMap(({ step }) => (step.kind === kind ? [step.record.scheduledRequests] : []));
  return counts.length === 0 ? 0 : mean(counts);
}

/** The mean costs of the calls as resampled steps have them: each moved as a whole by the mean of its ratios, interruptions apart. */
function callDraw(readings: LogReadings, means: CallCosts): Readonly<Record<string, number>> {
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

function sizesNotes(sizes: DecodeSizes | undefined): string[] {
  if (sizes?.factors === undefined) return [];
  const [line, bySize] = [sizes.lineError, sizes.sizesError].map((error) => `${(100 * error).toFixed(1)} %`);
  return [
    `decode steps of ${sizes.factors.length} padded sizes have times of their own (decode_factors): steps kept out are missed by ` +
      `${bySize} on average, and by ${line} with a line of base and tokens`,
  ];
}

function assumedLeads({ launch }: EngineModel): string[] {
  return graphKinds
    .filter((kind) => launch[kind].lead === typicalLead[kind])
    .map((kind) => `how far into a launch of kind "${kind}" the GPU begins: ${launch[kind].lead} is assumed`);
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
