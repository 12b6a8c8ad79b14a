/**
 * Fits an engine to clients' times alone, through the simulator: the recorded requests are sent again to an engine with
 * trial costs, until latencies of loads and of probes agree.
 */
import { defined, type CostDraws, type VllmEngineCost } from "../../../formats/index.js";
import type { LinearSolver, Miss } from "../../fit/numerics/index.js";
import { blackBoxConstants, type BlackBoxConstants } from "./black-box-constants.js";
import { identifiability } from "./identifiability.js";
import {
  ASSUMPTIONS,
  withPace,
  costOf,
  denseParameterNames,
  expertParameterNames,
  hostParameterNames,
  type ParameterName,
} from "./black-box-model.js";
import { originNotes, startsOf } from "./black-box-start.js";
import { clientTarget, type Replay } from "./client-target.js";
import type { Intervals } from "../step-logs/index.js";
import { chunkFindings, isProbes, type RecordedRun } from "../recording/index.js";
import { recordedModel } from "../profile/index.js";
import { scaledStart } from "./scaled-start.js";
import { searchCosts } from "./search-costs.js";

interface BlackBoxOptions {
  readonly replay: Replay;
  /** Costs of this GPU and model from elsewhere, not to be fitted. */
  readonly gpu?: VllmEngineCost["gpu"] | undefined;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  readonly constants?: BlackBoxConstants | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

interface BlackBoxFit {
  readonly cost: VllmEngineCost;
  readonly intervals: Intervals;
  readonly draws: CostDraws;
  readonly notes: readonly string[];
  /** Root of the mean squared logarithm of simulated over recorded features, by weight: about a typical relative error. */
  readonly error: number;
}

export function fitBlackBox(runs: readonly RecordedRun[], solver: LinearSolver, options: BlackBoxOptions): BlackBoxFit {
  const { replay, gpu } = options;
  const { experts } = recordedModel(runs[0]!.run).model;
  const { search, parts: dense } = options.constants ?? blackBoxConstants;
  const parts = { ...dense, ...defined({ experts }) };
  const loads = runs.filter((run) => !isProbes(run));
  const targets = targetsOf(runs, loads, replay, search);
  const { interval, notes: ofChunks } = chunkFindings(runs);
  const { starts: guesses, decodeFactors } = startsOf(runs, solver, interval);
  // Nothing but the loads tells where the costs of a model with experts lie.
  const isScaled = experts !== undefined && gpu === undefined && loads.length === runs.length;
  const recordedLoads = loads.map(({ run }) => run);
  const starts = isScaled ? guesses.map((start) => scaledStart(start, recordedLoads, replay, parts)) : guesses;
  const { isOnHost, withGpu } = gpuOf(runs, gpu, decodeFactors);
  /** Of probes the pace is that of the costs. */
  const inLoad = (cost: VllmEngineCost, load: number, paces: readonly number[]): VllmEngineCost =>
    withPace(withGpu(cost), load < 0 || paces.length < 2 ? 1 : Math.exp(paces[load]!));
  const missesOf = (cost: VllmEngineCost, paces: readonly number[]): Miss[] =>
    targets.flatMap((target) => target.missesOf(inLoad(cost, target.load, paces)));
  const lossOf = (cost: VllmEngineCost, paces: readonly number[]): number =>
    missesOf(cost, paces).reduce((sum, { log, weight }) => sum + weight * log ** 2, 0);
  const names = gpu === undefined ? (experts ? expertParameterNames : denseParameterNames) : hostParameterNames;
  const { error, ...found } = searchCosts(gpu === undefined ? starts : starts.slice(0, 1), lossOf, {
    onProgress: options.onProgress,
    effort: options.effort,
    names,
    paces: loads.length > 1 ? loads.length : 0,
    constants: { search, parts },
    polish: gpu === undefined && loads.length === runs.length ? { missesOf, solver } : undefined,
    onSettle: (cost, paces, isNear) => { for (const target of targets) target.settle(inLoad(cost, target.load, paces), isNear); }, // prettier-ignore
  });
  const { intervals, draws, weaklyIdentified } = identifiability(found, solver, {
    names,
    missesOf: (parameters, paces) => missesOf(costOf(parameters, parts), paces),
    pacePull: search.pulls.pace,
    parts,
  });
  return {
    cost: withGpu(costOf(found.parameters, parts)),
    intervals,
    draws,
    error,
    notes: [
      ...(isOnHost ? [...ASSUMPTIONS, ON_HOST_NOTE] : ASSUMPTIONS),
      ...ofChunks,
      ...missingProbeNotes(runs),
      ...originNotes(found.start.origins, names),
      ...startDecides(weaklyIdentified),
      ...paceNotes(loads, found.paces),
    ],
  };
}

/** How costs get their GPU part: the one that is given, or theirs, with what the ladder of probes says of it. */
function gpuOf(
  runs: readonly RecordedRun[],
  gpu: BlackBoxOptions["gpu"],
  decodeFactors: ReturnType<typeof startsOf>["decodeFactors"],
): { readonly isOnHost: boolean; readonly withGpu: (cost: VllmEngineCost) => VllmEngineCost } {
  const isOnHost = gpu === undefined ? runs.some(runsOnHost) : gpu.on_host === true;
  const found = { ...defined({ decode_factors: decodeFactors }), ...(isOnHost ? { on_host: true as const } : {}) };
  return { isOnHost, withGpu: (cost) => ({ ...cost, gpu: gpu ?? { ...cost.gpu, ...found } }) };
}

/** What simulations are compared with, by run; `load`: its place among the loads, -1 for probes. */
function targetsOf(
  runs: readonly RecordedRun[],
  loads: readonly RecordedRun[],
  replay: Replay,
  search: BlackBoxConstants["search"],
) {
  const weightOf = (run: RecordedRun): number => (runs.every(isProbes) || !isProbes(run) ? 1 : search.probesWeight);
  const weights = runs.reduce((sum, run) => sum + weightOf(run), 0);
  return runs.map((run) => ({
    load: loads.indexOf(run),
    ...clientTarget(run, { replay, share: weightOf(run) / weights, weighing: search }),
  }));
}

const ON_HOST_NOTE =
  "the model runs on the CPU, on the host's own cores: the times of its steps have the host's pace, and differ from run to run with it";

/** Whether a server's model has no device of its own, as vLLM's device_config says. */
function runsOnHost({ run }: RecordedRun): boolean {
  return (run.info.hardware as { readonly device?: unknown }).device === "cpu";
}

/** What these recordings cannot show. */
function missingProbeNotes(runs: readonly RecordedRun[]): string[] {
  const probes = runs.filter(isProbes).flatMap(({ run }) => run.requests.map(({ extra }) => extra?.probe ?? ""));
  const notes: string[] = [];
  if (!probes.some((probe) => probe.startsWith("decode-"))) {
    notes.push("no decode probes: the cost of a step per request and per context token cannot be separated well");
  }
  if (!probes.some((probe) => probe.startsWith("prefill-"))) {
    notes.push("no lone prefills: the cost of prompt tokens comes from loads alone");
  }
  if (runs.every(isProbes))
    notes.push("no load: launches and the front end were seen only on an idle server, not in traffic");
  return notes;
}

function startDecides(names: readonly ParameterName[]): string[] {
  if (names.length === 0) return [];
  const words = names.map((name) => name.replaceAll("_", " ")).join(", ");
  return [`weakly identified by these recordings, so kept near the start of the search: ${words}`];
}

/** Paces that differ by less count as equal. */
const ALIKE = 0.02;

function paceNotes(loads: readonly RecordedRun[], paces: readonly number[]): string[] {
  if (!paces.some((pace) => Math.abs(pace) > ALIKE)) return [];
  const each = loads.map(({ name }, at) => `${Math.exp(paces[at]!).toFixed(2)} in ${name}`).join(", ");
  return [`the host took longer in some loads than in others; relative to the mean, which the profile has: ${each}`];
}
