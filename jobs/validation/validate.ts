/**
 * Validation: the same experiment for each of several models, each calibrated on this machine, and a verdict for every
 * statistic that is to agree (report/compare/verdict.ts). Each real run is predicted at the pace that the machine had just
 * before it (pace.ts), often enough that one draw of the jitter does not decide. Beside it stand the verdicts at the pace of
 * the calibration, and at the pace beside the real runs, which no prediction can know.
 */
import { join } from "node:path";
import { ConfigError, type Profile, type Validation } from "../../formats/index.js";
import { whileLocked } from "../../formats/files/index.js";
import { parseThreshold, sequenceAgreement, withTolerances, type ToleranceOf } from "../../report/compare/index.js";
import {
  cellWorkloads,
  cellsOf,
  paceAbout,
  paceBeside,
  type Pace,
  readResults,
  type CellResult,
  type ExperimentResults,
  runResolved,
  type RunExperimentOptions,
} from "../experiment/index.js";
import { asUsual } from "../threads/index.js";
import {
  judgeCell,
  judged,
  wasDisturbed,
  type JudgedStatistic,
  type Simulated,
  type SimulatedCell,
} from "./judge-cell.js";
import { repeatedSimulation } from "./repeated-simulation.js";

/** Batches of a cell: those of the same size as the first real run's, from the first on. */
export interface JudgedBatches {
  readonly model: string;
  readonly cell: string;
  readonly equal_leading: number;
  readonly sim_batches: number;
  readonly real_batches: number;
  /** The same of the second real run: how far the machine agrees with itself. */
  readonly repeat_equal_leading: number;
  /** Mean time of a batch, ms; real: of all repeats. */
  readonly sim_service_ms: number;
  readonly real_service_ms: number;
  /** Of the machine before and after the real runs, by the calibration's reference batch; above 1 it is slower. */
  readonly pace: Pace | null;
}

/** Real runs, and those that something disturbed (real/validity.ts). */
export interface JudgedRuns {
  readonly all: number;
  readonly disturbed: number;
}

export interface ValidationResult {
  readonly name: string;
  readonly statistics: readonly JudgedStatistic[];
  readonly batches: readonly JudgedBatches[];
  readonly runs: JudgedRuns;
  readonly machine: string;
  /** Held-out median error of each model's calibration, fraction. */
  readonly held_out: Readonly<Record<string, number | null>>;
}

/** Runs what is missing of a validation and judges all of it; `path` is the file that it comes from. */
export async function validate(
  { models, tolerance, wait_quiet_s: waitS, attempts, ...experiment }: Validation,
  path: string,
  options: RunExperimentOptions,
): Promise<ValidationResult> {
  if (experiment.num_runs < 2) {
    throw new ConfigError(
      `${path}: num_runs is ${experiment.num_runs}, expected at least 2: the noise is taken from repeats`,
    );
  }
  const toleranceOf = withTolerances(() => tolerance, (experiment.tolerances ?? []).map(parseThreshold));
  const folderNames = namesOf(experiment.name, models, path);
  const results: [model: string, results: ExperimentResults][] = [];
  for (const model of models) {
    options.reporter.note(`model ${model}`);
    const calibrate = { device: "cpu", repeats: 3, ...experiment.calibrate, model } as const;
    const own = { ...experiment, name: folderNames.get(model)!, calibrate };
    const found = await whileLocked(join(options.results, own.name), async () =>
      readResults(await runResolved(own, path, { ...options, quiet: { waitS, attempts } })),
    );
    results.push([model, found]);
  }
  const { blocking = asUsual } = options;
  const judgeAll = (): Promise<JudgedStatistic[][]> =>
    Promise.all(results.map(([model, of]) => judge(model, of, { path, toleranceOf })));
  return {
    name: experiment.name,
    statistics: (await blocking(judgeAll)).flat(),
    batches: results.flatMap(([model, of]) => batchesOf(model, of)),
    runs: runsOf(results.flatMap(([, { cells }]) => cells)),
    machine: machineOf(results[0]![1].profile),
    held_out: Object.fromEntries(
      results.map(([model, { profile }]) => [model, profile.held_out?.batch.median_ape ?? null]),
    ),
  };
}

/** One folder for each model beside the others, also where a model's name is a path. */
function namesOf(experiment: string, models: readonly string[], path: string): ReadonlyMap<string, string> {
  const names = new Map(
    models.map((model) => [model, `${experiment}-${model.replaceAll(/[^\w.-]+/g, "_").slice(0, 100)}`]),
  );
  if (new Set(names.values()).size === models.length) return names;
  throw new ConfigError(
    `${path}: models: two of them would share a folder under --results; name each once, and shorter`,
  );
}

async function judge(
  model: string,
  { cells, experiment, profile }: ExperimentResults,
  { path, toleranceOf }: { readonly path: string; readonly toleranceOf: ToleranceOf },
): Promise<JudgedStatistic[]> {
  const { prompts, seed, jitter } = experiment;
  const workloads = await cellWorkloads(cellsOf(experiment, path), { profile, prompts, seed });
  const keys = judged.map(([metric, stat]) => `${stat}_${metric}_ms`);
  return cells.flatMap((cell) => {
    if (cell.real.length < 2) return [];
    const simulate = repeatedSimulation(
      workloads.find(({ cell: { name } }) => name === cell.name)!,
      { profile, seed, jitter, keys },
    );
    return judgeCell(model, cell, { ...simulateAtPaces(cell, simulate), toleranceOf });
  });
}

function simulateAtPaces({ real }: CellResult, simulate: (pace: number) => Simulated): SimulatedCell {
  const paces = real.map(paceAbout);
  const isKnown = paces.every((pace) => pace !== undefined);
  const asCalibrated = [simulate(1)];
  return {
    asCalibrated,
    predicted: isKnown ? paces.map(({ before }) => simulate(before)) : asCalibrated,
    beside: isKnown ? paces.map((pace) => simulate(paceBeside(pace))) : undefined,
  };
}

function batchesOf(model: string, { cells }: ExperimentResults): JudgedBatches[] {
  return cells.flatMap((result) => {
    const { name, comparison, real, pace = null } = result;
    const sequence = comparison?.batches?.sequences[0];
    const service = comparison?.batches?.statistics.find(({ stat }) => stat === "mean_service");
    const [first, second] = real;
    if (sequence === undefined || service?.sim == null || service.real == null || !first || !second) return [];
    const repeat = sequenceAgreement(second, first);
    const times = { sim_service_ms: service.sim, real_service_ms: service.real, pace };
    return [{ model, cell: name, ...sequence, repeat_equal_leading: repeat.equal_leading, ...times }];
  });
}

function runsOf(cells: readonly CellResult[]): JudgedRuns {
  const runs = cells.flatMap(({ real }) => real);
  return { all: runs.length, disturbed: runs.filter(wasDisturbed).length };
}

function machineOf({ machine: { cpu, os }, engine }: Profile): string {
  const processor = cpu === undefined ? "unknown CPU" : `${cpu.model}, ${cpu.cores} cores`;
  return [processor, ...(os === undefined ? [] : [os]), `${engine.name} ${engine.version}`].join("; ");
}
