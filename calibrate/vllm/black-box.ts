/**
 * Fits an engine to clients' times alone, through the simulator: the recorded requests are sent again to an engine with
 * trial costs, until latencies of loads and of probes agree.
 */
import type { Run, VllmEngineCost } from "../../formats/index.js";
import type { LinearSolver } from "../fit/index.js";
import { surenessOf, type Miss } from "./black-box-intervals.js";
import { ASSUMPTIONS, costOf, hostParameterNames, parameterNames, type ParameterName } from "./black-box-model.js";
import { startsOf } from "./black-box-start.js";
import type { Intervals } from "./engine-intervals.js";
import { chunkGapsMs, gapQuantiles, loadFeatures, probeFeatures, type Feature } from "./client-features.js";
import { isProbes, type RecordedRun } from "./recorded-run.js";
import { searchCosts } from "./search-costs.js";
import { e2elMs, quantile } from "../../sim/index.js";

/** Simulates a recorded run on an engine of such costs. */
export type Replay = (run: Run, cost: VllmEngineCost, seed: string) => Run;

export interface BlackBoxOptions {
  readonly replay: Replay;
  /** Prices of this GPU and model from elsewhere, not to be fitted. */
  readonly gpu?: VllmEngineCost["gpu"] | undefined;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface BlackBoxFit {
  readonly cost: VllmEngineCost;
  readonly intervals: Intervals;
  readonly notes: readonly string[];
  /** Root of the mean squared logarithm of simulated over recorded features, by weight: about a typical relative error. */
  readonly error: number;
}

/** Simulated runs of a load, with other draws of the jitter, so that one draw does not decide. */
const LOAD_REPLICATIONS = 3;
/** Of probes beside loads, for which the profile is: between probes the host is quicker. They tell the start, too. */
const PROBES_WEIGHT = 0.3;

export function fitBlackBox(runs: readonly RecordedRun[], solver: LinearSolver, options: BlackBoxOptions): BlackBoxFit {
  const weightOf = (run: RecordedRun): number => (runs.every(isProbes) || !isProbes(run) ? 1 : PROBES_WEIGHT);
  const weights = runs.reduce((sum, run) => sum + weightOf(run), 0);
  const targets = runs.map((run) => targetOf(run, options.replay, weightOf(run) / weights));
  const { starts, decodeFactors } = startsOf(runs, solver);
  const ofLadder = decodeFactors === undefined ? {} : { decode_factors: decodeFactors };
  const priced = (cost: VllmEngineCost): VllmEngineCost => ({
    ...cost,
    gpu: options.gpu ?? { ...cost.gpu, ...ofLadder },
  });
  const missesOf = (cost: VllmEngineCost): Miss[] => targets.flatMap((missesOfRun) => missesOfRun(priced(cost)));
  const lossOf = (cost: VllmEngineCost): number =>
    missesOf(cost).reduce((sum, { log, weight }) => sum + weight * log ** 2, 0);
  const { error, ...found } = searchCosts(options.gpu === undefined ? starts : starts.slice(0, 1), lossOf, {
    onProgress: options.onProgress,
    effort: options.effort,
    isStartTold: runs.some(isProbes),
  });
  const fitted = options.gpu === undefined ? parameterNames : hostParameterNames;
  const { intervals, untold } = surenessOf(found, fitted, (parameters) => missesOf(costOf(parameters)), solver);
  return {
    cost: priced(costOf(found.parameters)),
    intervals,
    error,
    notes: [...ASSUMPTIONS, ...untoldBy(runs), ...startDecides(untold)],
  };
}

/** How far a simulation of this run is from it, feature by feature; `share` of all weight is this run's. */
function targetOf(recorded: RecordedRun, replay: Replay, share: number): (cost: VllmEngineCost) => Miss[] {
  const { run } = recorded;
  const featuresOf = isProbes(recorded)
    ? (of: Run): Feature[] => probeFeatures(of.requests, groupsOf(run))
    : (of: Run): Feature[] => loadFeatures(of.requests);
  const answered: Run = { ...run, requests: run.requests.filter(({ status }) => status === "ok") };
  // Requests without times were part of the load, and tell nothing.
  const told = new Set(
    answered.requests.filter((request) => e2elMs(request) !== null).map(({ requestId }) => requestId),
  );
  const gaps = isProbes(recorded) ? new Float64Array() : chunkGapsMs(answered);
  const real = [...featuresOf(answered), ...gapFeatures(gaps)];
  const weights = real.reduce((sum, { weight }) => sum + weight, 0);
  const replications = isProbes(recorded) ? 1 : LOAD_REPLICATIONS;
  return (cost) => {
    const sim = new Map<string, number>();
    const add = (name: string, ms: number): void => {
      sim.set(name, (sim.get(name) ?? 0) + ms / replications);
    };
    for (let k = 0; k < replications; k++) {
      const simulated = replay(answered, cost, `fit/${k}`);
      const ofTold = { ...simulated, requests: simulated.requests.filter(({ requestId }) => told.has(requestId)) };
      for (const { name, ms } of featuresOf(ofTold)) add(name, ms);
      for (const p of gapQuantiles) add(`itl p${100 * p}`, Number(simulated.info.summary?.[`p${100 * p}_itl_ms`]));
    }
    return real.map(({ name, ms, weight }) => ({
      log: Math.log(Math.max(sim.get(name) ?? 0, 0.05) / Math.max(ms, 0.05)),
      weight: (share * weight) / weights,
    }));
  };
}

/** Quantiles of gaps between chunks, where enough chunks were recorded; the longest count less. */
function gapFeatures(gaps: Float64Array): Feature[] {
  if (gaps.length < 200) return [];
  return gapQuantiles.map((p) => ({ name: `itl p${100 * p}`, ms: quantile(gaps, p), weight: p === 0.99 ? 0.5 : 1 }));
}

function groupsOf({ requests }: Run): (id: string) => string {
  const groups = new Map(requests.map(({ requestId, extra }) => [requestId, extra?.probe ?? ""]));
  return (id) => groups.get(id) ?? "";
}

/** What these recordings cannot tell. */
function untoldBy(runs: readonly RecordedRun[]): string[] {
  const probes = runs.filter(isProbes).flatMap(({ run }) => run.requests.map(({ extra }) => extra?.probe ?? ""));
  const told: string[] = [];
  if (!probes.some((probe) => probe.startsWith("decode-"))) {
    told.push("no decode probes: what a step costs by requests and by context is not told apart well");
  }
  if (!probes.some((probe) => probe.startsWith("prefill-"))) {
    told.push("no lone prefills: what prompt tokens cost is told by loads alone");
  }
  if (runs.every(isProbes))
    told.push("no load: launches and the front end in traffic are not told, only on an idle server");
  return told;
}

function startDecides(names: readonly ParameterName[]): string[] {
  if (names.length === 0) return [];
  const words = names.map((name) => name.replaceAll("_", " ")).join(", ");
  return [`these recordings hardly tell, so they stay near where the search began: ${words}`];
}
