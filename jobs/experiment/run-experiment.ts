/**
 * The main job: calibrate (or take a profile), simulate every cell, run for real what can run, compare, report. Each
 * part is kept when its inputs are unchanged, so a second run, or one after Ctrl-C, does only what is missing.
 */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { ConfigError, defined, type Experiment, type Manifest, type Profile } from "../../formats/index.js";
import {
  makeFolder,
  packageVersion,
  readExperiment,
  readRun,
  removeAbandoned,
  writeExperiment,
  writeManifest,
  writeProfile,
} from "../../formats/files/index.js";
import { shownUrl, type ServerAccess } from "../../real/vllm/index.js";
import { parseThreshold } from "../../report/compare/index.js";
import { cellsOf, cellWorkloads, type Cell, type CellWorkload } from "./cells.js";
import { experimentFolder, type ExperimentFolder } from "./folder.js";
import { measureCells, realTasks, askServer, measureOnServer } from "./measure/index.js";
import { loadOrCalibrate } from "./experiment-profile.js";
import { paceAbout } from "./pace.js";
import {
  atPlace,
  loadProfile,
  profileReference,
  type QuietOptions,
  type Reporter,
  workloadOf,
} from "../inputs/index.js";
import type { Blocking } from "../threads/index.js";
import { simTasks, simulateAtPace, simulateCells, type SimulateOptions } from "./simulate-cells.js";

export interface RunExperimentOptions {
  /** Folder that experiments are kept under. */
  readonly results: string;
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** Runs work that blocks this thread, and with it the handling of signals. */
  readonly blocking?: Blocking | undefined;
  readonly reporter: Reporter;
  /** Access to the experiment's server, beside its URL. */
  readonly access?: ServerAccess;
  /** Absent: measure at once, and once. */
  readonly quiet?: QuietOptions;
}

/** Runs the experiment of a file and returns its folder; publishing the report is the next step. */
export async function runExperiment(path: string, options: RunExperimentOptions): Promise<ExperimentFolder> {
  return runResolved(readExperiment(path), path, options);
}

/** Runs an experiment that was read or made; `path` is the file that it comes from. */
export async function runResolved(
  given: Experiment,
  path: string,
  options: RunExperimentOptions,
): Promise<ExperimentFolder> {
  const { force, signal, blocking, reporter, quiet } = options;
  const experiment = resolvePaths(given, path);
  const asked = await checkedCells(experiment, path);
  const { prompts, seed } = experiment;
  const folder = experimentFolder(join(options.results, experiment.name));
  const named = experiment.profile === undefined ? undefined : loadProfile(experiment.profile);
  rejectOthersFiles(folder, { path, force, hasProfile: named !== undefined });
  mkdirOrExplain(folder.root);
  for (const place of [folder.root, join(folder.root, "plots")]) removeAbandoned(place);
  const profile = await loadOrCalibrate(experiment, named, folder, { force, signal, reporter, quiet });
  const workloads = await cellWorkloads(asked, { profile, prompts, seed });
  const cells = workloads.map(({ cell }) => cell);
  const common = { profile, seed, folder, force };
  const { vllm, calibrate } = experiment;
  const real = workloads.filter(({ cell }) => runsForReal(cell, experiment, profile));
  tellUnmeasured(cells, { experiment, profile, reporter });
  const { jitter } = experiment;
  const toMeasure = { ...common, workloads: real, repeats: experiment.num_runs, calibrate, vllm, jitter };
  // Existing results are checked before anything is written: an experiment that is rejected leaves its folder as it
  // was.
  const simulations = await simTasks({ ...common, jitter, workloads });
  const measurements = await realTasks(toMeasure);
  const asking = { profile, reporter, signal, access: options.access };
  const server = vllm === undefined ? undefined : await askServer(vllm, measurements, asking);

  const manifest = (interrupted: boolean): void => {
    writeManifest(folder.manifest, { ...manifestOf(cells, { experiment, profile }), interrupted });
  };
  // First: the folder is this experiment's from here on.
  manifest(true);
  writeExperiment(folder.experiment, withoutCredentials(experiment));
  if (named !== undefined) writeProfile(folder.profile, named);
  await simulateCells(simulations, { profile, seed, jitter, signal, blocking, reporter });
  const simulated = simulations.length;
  reporter.note(`simulated ${simulated} of ${workloads.length} cells, ${workloads.length - simulated} existed already`);
  if (experiment.num_runs > 0) {
    const runs = real.length * experiment.num_runs;
    if (server === undefined) await measureCells(measurements, { ...toMeasure, signal, blocking, reporter, quiet });
    else await measureOnServer(measurements, { server, seed, signal, reporter });
    if (vllm === undefined)
      await predictAgain(real, { ...common, jitter, signal, blocking, repeats: experiment.num_runs });
    const made = measurements.length;
    reporter.note(`ran ${made} of ${runs} real runs, ${runs - made} existed already`);
  }
  manifest(false);
  return folder;
}

/** The cells; what is wrong with them, their loads or tolerances is found here, before hours of measuring. */
async function checkedCells(experiment: Experiment, path: string): Promise<Cell[]> {
  const { prompts, seed } = experiment;
  const cells = cellsOf(experiment, path);
  if (experiment.num_runs > 0 && cells.some(({ coldStart }) => coldStart)) {
    throw new ConfigError(`${path}: cold_start applies to simulations, real runs are warmed up; set num_runs: 0`);
  }
  (experiment.tolerances ?? []).map(parseThreshold);
  await Promise.all(cells.map(({ load }) => workloadOf(load, prompts, seed)));
  return cells;
}

/** ConfigError where a folder without a manifest, which is no experiment's, holds files that would be replaced. */
function rejectOthersFiles(
  folder: ExperimentFolder,
  { path, force, hasProfile }: { readonly path: string; readonly force: boolean; readonly hasProfile: boolean },
): void {
  if (resolve(path) === resolve(folder.experiment)) {
    throw new ConfigError(
      `${path} would be replaced by the experiment with every default filled in; move it, or rename the experiment`,
    );
  }
  if (force || existsSync(folder.manifest)) return;
  const { experiment, comparison, report, csv, profile } = folder;
  const held = [experiment, comparison, report, csv, ...(hasProfile ? [profile] : [])].filter((file) =>
    existsSync(file),
  );
  if (held.length === 0) return;
  throw new ConfigError(
    `${held.join(" and ")} would be replaced, and ${folder.root} is no experiment's folder (no manifest.json); give the ` +
      "experiment another name, another --results, or pass --force",
  );
}

/**
 * Real runs that are there and know the pace before them, but whose simulation at it is missing, are simulated now: the
 * result depends on nothing measured later.
 */
async function predictAgain(
  workloads: readonly CellWorkload[],
  { folder, repeats, ...options }: SimulateOptions & { readonly folder: ExperimentFolder; readonly repeats: number },
): Promise<void> {
  for (const work of workloads) {
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const pace = paceAbout(await readRun(folder.real(work.cell.name, repeat)))?.before;
      if (pace !== undefined)
        await simulateAtPace(work, options, { path: folder.simAtPace(work.cell.name, repeat), pace });
    }
  }
}

/**
 * Batches run anywhere; steps on a server that schedules them so by itself, or here where the calibration measured
 * steps.
 */
function runsForReal({ plan }: Pick<Cell, "plan">, { vllm }: Experiment, { steps }: Profile): boolean {
  if (plan.work === "batch") return true;
  return vllm === undefined ? steps !== undefined : plan.server === "vllm";
}

/** Says why cells of steps are not run here, where they could be. */
function tellUnmeasured(
  cells: readonly Cell[],
  {
    experiment,
    profile,
    reporter,
  }: { readonly experiment: Experiment; readonly profile: Profile; readonly reporter: Reporter },
): void {
  const { vllm, num_runs: repeats } = experiment;
  const left = cells.filter((cell) => !runsForReal(cell, experiment, profile)).map(({ name }) => name);
  if (vllm !== undefined || repeats === 0 || left.length === 0) return;
  reporter.note(
    `simulated only: ${left.join(", ")}; profile "${profile.name}" has no costs of steps, which calibrate onnx measures on the CPU`,
  );
}

/** The experiment as it is kept: of its server's URL only what may be shown. */
function withoutCredentials(experiment: Experiment): Experiment {
  const { vllm } = experiment;
  return vllm === undefined ? experiment : { ...experiment, vllm: { ...vllm, base_url: shownUrl(vllm.base_url) } };
}

/** Paths in an experiment file are relative to that file. */
function resolvePaths(experiment: Experiment, file: string): Experiment {
  const { profile, prompts, calibrate } = experiment;
  const base = dirname(resolve(file));
  const at = (path: string): string => (isAbsolute(path) ? path : join(base, path));
  const load = <L extends { workload?: string | undefined }>(given: L): L =>
    given.workload === undefined ? given : { ...given, workload: at(given.workload) };
  return {
    ...experiment,
    ...defined({
      profile: profile === undefined ? undefined : atPlace(`${file}: profile`, () => profileReference(profile, base)),
      prompts: prompts === undefined ? undefined : at(prompts),
      calibrate: calibrate?.weights === undefined ? undefined : { ...calibrate, weights: at(calibrate.weights) },
    }),
    loads: experiment.loads.map(load),
    cells: experiment.cells.map((cell) => ({ ...cell, load: load(cell.load) })),
  };
}

function manifestOf(
  cells: readonly Cell[],
  { experiment, profile }: { readonly experiment: Experiment; readonly profile: Profile },
): Manifest {
  return {
    version: 1,
    experiment: experiment.name,
    servesim: packageVersion(),
    seed: experiment.seed,
    interrupted: false,
    cells: cells.map((cell) => ({
      cell: cell.name,
      policy: cell.policyLabel,
      load: cell.loadLabel,
      repeats: runsForReal(cell, experiment, profile) ? experiment.num_runs : 0,
    })),
  };
}

function mkdirOrExplain(path: string): void {
  try {
    makeFolder(path);
  } catch (cause) {
    throw new ConfigError(`cannot make the folder ${path}; choose a place you may write to with --results`, { cause });
  }
}
