/** Launches of engine steps as step logs show them: how long they take by kind, how they vary, when the GPU begins. */
import type { EngineJitter, Variation } from "../../formats/index.js";
import { meanOf, type GraphKind } from "../../sim/index.js";
import { censoredQuantiles, type Sighting } from "./censored-quantiles.js";
import { gpuNsOf, graphKinds, type EngineModel, type LaunchTimes } from "./engine-model.js";
import { fitHostStates, type ShownLaunch } from "./fit-host-state.js";
import type { Reading } from "./read-timeline.js";
import { growthOf, mean, quantileOfValues, rounded, type Growth } from "./spread.js";
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

/** Launches of a kind in traffic, from which on idle ones are left out. */
const ENOUGH_LAUNCHES = 40;

/** Steps from which the lead of a launch is told. */
const LEAST_LEADS = 20;

/** Where a launch of each kind lets the GPU begin, until fitted: one graph at its end, single kernels at once. */
export const typicalLead: Readonly<Record<GraphKind, number>> = { full: 0.9, piecewise: 0.3, none: 0.1 };

export function launchModels(
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
export function hostStatesOf(
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
export function runSpreadOf(
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
