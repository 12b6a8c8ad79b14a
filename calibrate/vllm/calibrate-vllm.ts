/**
 * From recorded runs of one vLLM server to a profile of it. With step logs: the engine's two clocks from the steps, the
 * front end from what it did between clients and engine. Without, or as a black box: all of it through the simulator.
 */
import { ConfigError, type CostDraws, type Profile, type VllmEngineCost } from "../../formats/index.js";
import { rejectUnmodelled } from "../../sim/index.js";
import { loadLinearSolver, type LinearSolver } from "../fit/numerics/index.js";
import { fitBlackBox, withPace, clientPaceNote, fitClientPace, trialReplay } from "./client-times/index.js";
import { ASSUMED, buildProfile, engineCostOf, loggedSources, routingNotes } from "./profile/index.js";
import {
  costDrawsOf,
  intervalsOf,
  type Intervals,
  type GpuTimes,
  fitEngine,
  refitPace,
  loadOf,
} from "./step-logs/index.js";
import { fitFrontEnd } from "./front-end/index.js";
import type { StepLogConstants } from "./step-log-constants.js";
import {
  chunkFindings,
  recordedTraffic,
  isProbes,
  settingsOf,
  type RecordedRun,
  timelineOf,
} from "./recording/index.js";

export interface VllmCalibrationOptions {
  readonly name: string;
  /** Clients' times alone, whatever else was recorded. */
  readonly isBlackBox: boolean;
  /** A profile of the same model and GPU on another host: its GPU costs are kept, the host's are fitted. */
  readonly base?: Profile | undefined;
  /** Share of the usual number of trials of the searches; default 1. */
  readonly effort?: number | undefined;
  readonly onProgress?: ((done: number, total: number, what: string) => void) | undefined;
  /** Of a fit to step logs; default `stepLogConstants`. */
  readonly constants?: StepLogConstants | undefined;
}

/**
 * Of probes in the front end's fit: bursts and lone requests are not how it is used, and between them the host is quicker
 * (docs/calibration-vllm.md has by how much).
 */
const PROBES_WEIGHT = 0.1;

export async function calibrateVllm(runs: readonly RecordedRun[], options: VllmCalibrationOptions): Promise<Profile> {
  for (const { name, run } of runs) rejectUnmodelled(run, name);
  const solver = await loadLinearSolver();
  const logged = options.isBlackBox ? [] : runs.filter(({ steps }) => steps !== undefined && steps.length > 0);
  rejectParallelLogs(logged);
  const { base } = options;
  const refit = base === undefined || logged.length === 0 ? undefined : refitPace(base, logged);
  if (base !== undefined && refit?.cost != null) {
    const { cost_intervals: intervals, cost_draws: draws, cost_sources: sources, range } = base;
    const built = buildProfile({ name: options.name, cost: refit.cost, runs, notes: [refit.note], intervals, draws, sources }); // prettier-ignore
    return { ...built, range };
  }
  const why =
    refit?.cost === null
      ? [`one number for the pace of the host was not enough, so all its times were fitted: ${refit.reason}`]
      : [];
  const parts = logged.length > 0 ? fitLogged(logged, solver, options) : fitUnlogged(runs, solver, options);
  const left = logged.length > 0 && logged.length < runs.length ? [leftOutNote(runs, logged)] : [];
  const ofChunks = logged.length > 0 ? chunkFindings(logged).notes : [];
  const kept = options.base === undefined ? [] : [`GPU costs are those of profile "${options.base.name}"`];
  return buildProfile({
    name: options.name,
    cost: parts.cost,
    runs,
    notes: [...kept, ...why, ...parts.notes, ...ofChunks, ...routingNotes(runs), ...left],
    intervals: parts.intervals,
    draws: parts.draws,
    sources: parts.sources,
  });
}

/** A step log is of one engine; what several do together is in none of them. */
function rejectParallelLogs(logged: readonly RecordedRun[]): void {
  for (const { name, run } of logged) {
    const { data_parallel_size: ranks } = run.info.engine.settings;
    if (typeof ranks !== "number" || ranks <= 1) continue;
    throw new ConfigError(
      `${name}: step logs of a server with data_parallel_size ${ranks} are not read, because a log covers one engine; fit to clients' ` +
        "times alone (--black-box)",
    );
  }
}

interface FittedParts {
  readonly cost: VllmEngineCost;
  readonly notes: readonly string[];
  readonly intervals?: Intervals | undefined;
  readonly draws?: CostDraws | undefined;
  readonly sources?: Readonly<Record<string, string>> | undefined;
}

function fitLogged(
  logged: readonly RecordedRun[],
  solver: LinearSolver,
  { onProgress, base, effort, constants }: VllmCalibrationOptions,
): FittedParts {
  const engine = fitEngine(
    logged.map((run) => {
      const { graphs, isAsync } = settingsOf(run);
      const load = loadOf(run.name);
      return { timeline: timelineOf(run.steps!, graphs), isProbes: isProbes(run), isAsync, load };
    }),
    solver,
    { knownGpu: base === undefined ? undefined : gpuOf(base), constants },
  );
  const logs = logged.flatMap((recorded, at) => {
    const { run, steps } = recorded;
    const path = engine.paths[at]!;
    const traffic = recordedTraffic(run, steps!);
    const weight = isProbes(recorded) ? PROBES_WEIGHT : 1;
    return traffic === undefined ? [] : [{ requests: run.requests, traffic, path, weight }];
  });
  const progress = (done: number, total: number): void => onProgress?.(done, total, "front end");
  const frontEnd =
    logs.length === 0
      ? undefined
      : fitFrontEnd(logs, {
          sendNs: engine.sendNs,
          wakeNs: ASSUMED.wake_ns,
          solver,
          effort,
          onProgress: progress,
          constants,
        });
  const notes =
    frontEnd === undefined
      ? ["front end: the recorded steps do not follow from the recorded requests, so it is left out and takes no time"]
      : [];
  const cost = engineCostOf(engine, frontEnd);
  return {
    cost,
    draws: costDrawsOf(engine.draws, cost, frontEnd?.draws),
    sources: loggedSources(engine, frontEnd),
    notes: [...engine.findings, ...engine.unidentified, ...notes],
    intervals: { ...engine.intervals, ...(frontEnd === undefined ? {} : intervalsOf(frontEnd.draws)) },
  };
}

function fitUnlogged(
  runs: readonly RecordedRun[],
  solver: LinearSolver,
  { onProgress, base, effort }: VllmCalibrationOptions,
): FittedParts {
  const replay = trialReplay(runs);
  const before: string[] = [];
  if (base !== undefined) {
    const gpu = gpuOf(base);
    const cost = { ...(base.cost as VllmEngineCost), gpu };
    const paced = fitClientPace(cost, runs, replay);
    if (paced !== undefined) before.push(clientPaceNote(base.name, paced));
    if (paced?.suffices === true) {
      const { cost_intervals: intervals, cost_draws: draws, cost_sources: sources } = base;
      const notes = [...before, ...chunkFindings(runs).notes];
      return { cost: withPace(cost, paced.pace), intervals, draws, sources, notes };
    }
  }
  const fitted = fitBlackBox(runs, solver, {
    replay,
    gpu: base === undefined ? undefined : gpuOf(base),
    effort,
    onProgress: (done, total) => onProgress?.(done, total, "simulated trials"),
  });
  return { ...fitted, notes: [...before, ...fitted.notes] };
}

function gpuOf({ name, cost }: Profile): GpuTimes {
  if (cost.kind !== "vllm_engine") {
    throw new ConfigError(`profile "${name}" is not of a vLLM engine, so it has no GPU costs to keep`);
  }
  return { ...cost.gpu, mixed_base_ns: cost.gpu.mixed_base_ns ?? cost.gpu.decode_base_ns };
}

function leftOutNote(runs: readonly RecordedRun[], logged: readonly RecordedRun[]): string {
  const left = runs.filter((run) => !logged.includes(run)).map(({ name }) => name);
  return `without a step log, and not used in the fit: ${left.join(", ")}`;
}
