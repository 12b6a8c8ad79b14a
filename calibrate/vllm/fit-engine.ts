/**
 * Fits the engine's two clocks to step logs. Which launches and GPU times show depends on the model, so reading and
 * fitting take turns until they agree. GPU prices come from every recording; launches from traffic, where there is
 * enough, because they take longer there than on an idle server.
 */
import type { EngineJitter, Variation } from "../../formats/index.js";
import { meanOf, type GraphKind } from "../../sim/index.js";
import type { LinearSolver } from "../fit/index.js";
import { censoredQuantiles, type Sighting } from "./censored-quantiles.js";
import { intervalsOf, type Intervals } from "./engine-intervals.js";
import { gpuNsOf, graphKinds, type EngineModel, type GpuTimes, type LaunchTimes } from "./engine-model.js";
import { fitHostStates, type ShownLaunch } from "./fit-host-state.js";
import { fitGpu, gpuRatios, type GpuFit } from "./fit-gpu.js";
import { readTimeline, type Reading } from "./read-timeline.js";
import { growthOf, mean, quantileOfValues, rounded, variationOf, type Growth } from "./spread.js";
import type { Timeline } from "./timeline.js";

/** A step log to fit to. */
export interface EngineLog {
  readonly timeline: Timeline;
  readonly isProbes: boolean;
  readonly isAsync: boolean;
}

export interface LaunchFit extends LaunchTimes {
  readonly variation?: Variation | undefined;
  /** Steps whose launch showed. */
  readonly steps: number;
}

export interface EngineFit {
  readonly gpu: GpuTimes;
  readonly launch: Readonly<Record<GraphKind, LaunchFit>>;
  readonly schedule: Growth;
  readonly update: Growth;
  readonly copyNs: number;
  readonly sendNs: number;
  readonly variations: {
    readonly schedule?: Variation | undefined;
    readonly update?: Variation | undefined;
    readonly gpu?: Variation | undefined;
  };
  readonly hostStates: EngineJitter["host_states"];
  /** Standard deviation of the logarithm of launch means between recordings of traffic; undefined with fewer than two. */
  readonly runSpread?: number | undefined;
  /** 95 % intervals of GPU prices and of launches' base times, ns, by their place in a profile's cost. */
  readonly intervals: Intervals;
  /** What the logs do not tell, a sentence each. */
  readonly unidentified: readonly string[];
}

/** Results reach the host this long after the GPU has them; not told apart from GPU time by any log. */
const COPY_NS = 76_000;
const PASSES = 8;
/** Launches of a kind in traffic, from which on idle ones are left out. */
const ENOUGH_LAUNCHES = 40;

/** Steps from which the lead of a launch is told. */
const LEAST_LEADS = 20;

/** Where a launch of each kind lets the GPU begin, until fitted: one graph at its end, single kernels at once. */
const typicalLead: Readonly<Record<GraphKind, number>> = { full: 0.9, piecewise: 0.3, none: 0.1 };

const launchKeys: Readonly<Record<GraphKind, string>> = {
  full: "host.launch_full_graph.base_ns",
  piecewise: "host.launch_piecewise.base_ns",
  none: "host.launch_no_graph.base_ns",
};

/** `knownGpu`: prices of this GPU and model from elsewhere, not to be fitted. */
export function fitEngine(logs: readonly EngineLog[], solver: LinearSolver, knownGpu?: GpuTimes): EngineFit {
  const first = firstModel(logs);
  let model = knownGpu === undefined ? first : { ...first, gpu: knownGpu };
  let fit: GpuFit | undefined;
  const pricedByAsync = logs.some(({ isAsync }) => isAsync);
  for (let pass = 0; pass < PASSES; pass++) {
    const readings = logs.map(({ timeline }) => readTimeline(timeline, model));
    // One step in flight: launch and GPU time show as their sum alone, so GPU prices come from elsewhere if they can.
    const pricing = readings.filter((_, at) => logs[at]!.isAsync || !pricedByAsync).flat();
    fit = fitGpu(pricing, model.gpu, solver);
    model = { ...model, gpu: knownGpu ?? fit.gpu };
    const again = logs.map(({ timeline }) => readTimeline(timeline, model));
    model = { ...model, launch: launchModels(logs, again, model) };
  }
  const readings = logs.map(({ timeline }) => readTimeline(timeline, model));
  const schedules = logs.flatMap(({ timeline }) => timeline.schedules);
  const updates = logs.flatMap(({ timeline }) => timeline.updates);
  const [schedule, update] = [growthOf(schedules), growthOf(updates)];
  const ratios = (of: readonly { requests: number; ns: number }[], { baseNs, requestNs }: Growth): number[] =>
    of.map(({ requests, ns }) => ns / (baseNs + requestNs * requests));
  const sends = logs.flatMap(({ timeline }) => timeline.sendsNs);
  const launch = Object.fromEntries(
    graphKinds.map((kind) => [kind, launchOf(kind, logs, readings, model)]),
  ) as unknown as Record<GraphKind, LaunchFit>;
  return {
    gpu: model.gpu,
    launch,
    schedule,
    update,
    copyNs: COPY_NS,
    sendNs: sends.length === 0 ? 0 : mean(sends),
    variations: {
      schedule: variationOf(ratios(schedules, schedule)),
      update: variationOf(ratios(updates, update)),
      gpu: variationOf(gpuRatios(readings.flat(), model.gpu).filter((ratio) => ratio > 0.7 && ratio < 1.5)),
    },
    hostStates: hostStatesOf(logs, readings, model, launch),
    runSpread: runSpreadOf(logs, readings, model),
    intervals: intervalsOf(readings, (resampled) => {
      const pricing = resampled.filter((_, at) => logs[at]!.isAsync || !pricedByAsync).flat();
      const gpu: Partial<GpuTimes> = knownGpu === undefined ? fitGpu(pricing, model.gpu, solver).gpu : {};
      const launches = graphKinds.map((kind) => [launchKeys[kind], launchOf(kind, logs, resampled, model).baseNs]);
      return {
        ...Object.fromEntries(Object.entries(gpu).map(([name, ns]): [string, number] => [`gpu.${name}`, ns])),
        ...(Object.fromEntries(launches) as Record<string, number>),
      };
    }),
    unidentified: [
      ...unidentifiedOf(knownGpu === undefined ? fit : undefined, launch),
      ...graphKinds
        .filter((kind) => model.launch[kind].lead === typicalLead[kind])
        .map((kind) => `how far into a launch of kind "${kind}" the GPU begins: ${model.launch[kind].lead} is assumed`),
    ],
  };
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
  const decodeNs = gaps.length === 0 ? 1e6 : quantileOfValues(gaps, 0.25);
  const drained = drainedLaunches(logs, decodeNs);
  const launch = (kind: GraphKind, ns: number): LaunchTimes => ({
    baseNs: ns,
    requestNs: 0,
    lead: typicalLead[kind],
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
      prefill_padded_token_ns: perToken.length === 0 ? decodeNs / 300 : quantileOfValues(perToken, 0.4),
      attention_pair_ns: 0,
    },
    launch: {
      full: launch("full", drained.length < 20 ? 0.5 * decodeNs : quantileOfValues(drained, 0.25)),
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

function launchModels(
  logs: readonly EngineLog[],
  readings: readonly (readonly Reading[])[],
  model: EngineModel,
): EngineModel["launch"] {
  return Object.fromEntries(
    graphKinds.map((kind) => {
      const { baseNs, requestNs, p90Ratio } = launchOf(kind, logs, readings, model);
      const lead = leadOf(kind, readings, model);
      return [kind, { baseNs, requestNs, p90Ratio, lead }];
    }),
  ) as unknown as EngineModel["launch"];
}

/** The launches of a kind: line, variation about it, how much one resembles the one before. */
function launchOf(
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
  const isEnough = traffic.filter(({ isExact }) => isExact).length >= ENOUGH_LAUNCHES;
  const used = isEnough ? traffic : perRun.flat();
  const exact = used.filter(({ isExact }) => isExact);
  const line = exact.length < ENOUGH_LAUNCHES ? before : lineOf(used, before);
  const priceNs = (requests: number): number => Math.max(1, line.baseNs + line.requestNs * requests);
  const quantiles = censoredQuantiles(
    used.map(({ value, requests, isExact }) => ({ value: value / priceNs(requests), isExact })),
  );
  if (quantiles === undefined) return { ...before, steps: exact.length };
  const scale = meanOf(quantiles);
  const ratios = quantiles.map(([p, ratio]): [number, number] => [p, ratio / scale]);
  return {
    baseNs: line.baseNs * scale,
    requestNs: line.requestNs * scale,
    lead: before.lead,
    p90Ratio: ratios.find(([p]) => p >= 0.9)?.[1] ?? 1,
    variation: { quantiles: rounded(ratios) },
    steps: exact.length,
  };
}

interface LaunchSighting extends Sighting {
  readonly requests: number;
  readonly atNs: number;
}

function sightingsOf(
  kind: GraphKind,
  readings: readonly Reading[],
  log: EngineLog,
  model: EngineModel,
): LaunchSighting[] {
  const found: LaunchSighting[] = [];
  for (const reading of readings) {
    const { step } = reading;
    if (step.kind === kind) {
      const requests = step.record.scheduledRequests;
      const atNs = step.scheduleEndNs;
      if (!log.isAsync) {
        const value = launchBehindGpu(reading, model);
        if (!Number.isNaN(value)) found.push({ value, isExact: true, requests, atNs });
      } else if (!Number.isNaN(reading.launchNs) && step.shownBy !== step) {
        found.push({ value: reading.launchNs, isExact: reading.isLaunchExact, requests, atNs });
      }
    }
  }
  return found;
}

/** With one step in flight its launch is what is left of its time: max(lead x L + gpu, L) = until the GPU's end. */
function launchBehindGpu({ step }: Reading, model: EngineModel): number {
  const totalNs = step.updateStartNs - model.copyNs - step.scheduleEndNs;
  const { lead } = model.launch[step.kind];
  const gpuNs = gpuNsOf(step, model.gpu);
  if (lead * totalNs + gpuNs <= totalNs) return totalNs;
  return lead > 0 && totalNs > gpuNs ? Math.min(totalNs, (totalNs - gpuNs) / lead) : NaN;
}

function areMostlyExact(sightings: readonly Sighting[]): boolean {
  return sightings.filter(({ isExact }) => isExact).length >= 0.8 * sightings.length;
}

/** Launches that show by themselves tell how they grow with the requests; hidden ones would tilt the line. */
function lineOf(sightings: readonly LaunchSighting[], before: Growth): Growth {
  const exact = sightings.filter(({ isExact }) => isExact);
  const middleNs = quantileOfValues(
    exact.map(({ value }) => value),
    0.5,
  );
  if (!areMostlyExact(sightings)) return { baseNs: middleNs, requestNs: 0 };
  const usual = exact.filter(({ value }) => value < 3 * middleNs);
  const line = growthOf(usual.map(({ requests, value }) => ({ requests, ns: value })));
  return line.baseNs > 0 ? line : before;
}

/** The part of a launch after which the GPU begins. */
function leadOf(kind: GraphKind, readings: readonly (readonly Reading[])[], model: EngineModel): number {
  const leads = leadsOf(kind, readings, model);
  if (leads.length < LEAST_LEADS) return model.launch[kind].lead;
  return Math.min(1, Math.max(0, quantileOfValues(leads, 0.5)));
}

/** From steps that found the GPU idle and whose launch shows. */
function leadsOf(kind: GraphKind, readings: readonly (readonly Reading[])[], model: EngineModel): number[] {
  return readings.flat().flatMap(({ step, isLaunchExact, launchNs, startsIdle, untilGpuEndNs }) => {
    if (step.kind !== kind || !isLaunchExact || !startsIdle || Number.isNaN(untilGpuEndNs)) return [];
    return [(untilGpuEndNs - gpuNsOf(step, model.gpu)) / launchNs];
  });
}

/** From traffic where there is any: what is near in time, of any kind. */
function hostStatesOf(
  logs: readonly EngineLog[],
  readings: readonly (readonly Reading[])[],
  model: EngineModel,
  launch: Readonly<Record<GraphKind, LaunchFit>>,
): EngineJitter["host_states"] {
  const isOnlyProbes = logs.every(({ isProbes }) => isProbes);
  return fitHostStates(
    readings.flatMap((run, at) => {
      if (logs[at]!.isProbes && !isOnlyProbes) return [];
      const shown = graphKinds.flatMap((kind): ShownLaunch[] => {
        const { baseNs, requestNs, variation } = launch[kind];
        const sightings = sightingsOf(kind, run, logs[at]!, model);
        // Where most are hidden, those that show were long.
        if (variation === undefined || !areMostlyExact(sightings)) return [];
        return sightings.flatMap(({ isExact, value, requests, atNs }) =>
          isExact ? [{ atNs, ratio: value / (baseNs + requestNs * requests), quantiles: variation.quantiles }] : [],
        );
      });
      return [shown.sort((a, b) => a.atNs - b.atNs)];
    }),
  );
}

/** How launch means differ between recordings of traffic, beyond what their own variation explains. */
function runSpreadOf(
  logs: readonly EngineLog[],
  readings: readonly (readonly Reading[])[],
  model: EngineModel,
): number | undefined {
  const spreads = (["piecewise", "none"] as const).flatMap((kind) => {
    const means = readings.flatMap((run, at) => {
      if (logs[at]!.isProbes || logs[at]!.isAsync !== logs[0]!.isAsync) return [];
      const exact = sightingsOf(kind, run, logs[at]!, model).filter(({ isExact }) => isExact);
      if (exact.length < ENOUGH_LAUNCHES) return [];
      const logsOf = exact.map(({ value }) => Math.log(value));
      const own = varianceOf(logsOf) / logsOf.length;
      return [{ mean: mean(logsOf), own }];
    });
    if (means.length < 2) return [];
    return [Math.max(0, varianceOf(means.map((one) => one.mean)) - mean(means.map(({ own }) => own)))];
  });
  return spreads.length === 0 ? undefined : Math.sqrt(mean(spreads));
}

function varianceOf(values: readonly number[]): number {
  const level = mean(values);
  return values.reduce((sum, value) => sum + (value - level) ** 2, 0) / Math.max(1, values.length - 1);
}

function unidentifiedOf(gpu: GpuFit | undefined, launch: Readonly<Record<GraphKind, LaunchFit>>): string[] {
  const told: string[] = [];
  if (gpu !== undefined && gpu.decodeSteps < 20) {
    told.push("GPU time of decodes: the host was slower in nearly every step, it is a guess");
  }
  if (gpu !== undefined && gpu.mixedSteps < 20) {
    told.push("GPU time of short prefill steps: hidden behind their launch, taken as a decode's");
  }
  if (gpu !== undefined && gpu.computeSteps < 20) {
    told.push("GPU time per prefill token: too few long prefills, it is a guess");
  }
  for (const kind of graphKinds) {
    if (launch[kind].steps < 8) told.push(`launch of steps of kind "${kind}": it never showed, it is a guess`);
  }
  return told;
}
