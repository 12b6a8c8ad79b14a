/**
 * Validation: the same experiment for each of several models, each calibrated on this machine, and a verdict for every
 * statistic that is to agree (report/compare/verdict.ts). Each real run is predicted at the pace that the machine had just
 * before it (pace.ts), often enough that one draw of the jitter does not decide. Beside it stand the verdicts at the pace of
 * the calibration, and at the pace beside the real runs, which no prediction can know.
 */
import { join } from "node:path";
import { ConfigError, type Profile, type Run, type Validation, greatest, least } from "../../formats/index.js";
import { whileLocked } from "../../formats/files/index.js";
import { columnsOf, mean, summarise } from "../../sim/index.js";
import {
  judgeError,
  parseThreshold,
  sequenceAgreement,
  withTolerances,
  type Judgement,
  type NoiseSource,
  type ToleranceOf,
  type Verdict,
} from "../../report/compare/index.js";
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
import { asUsual } from "../replicate/index.js";
import { repeatedSimulation, type RepeatedStatistic } from "./repeated-simulation.js";

const judged = [
  ["ttft", "mean"],
  ["ttft", "p95"],
  ["tpot", "mean"],
  ["tpot", "p95"],
  ["e2el", "mean"],
  ["e2el", "p95"],
] as const;

export interface JudgedStatistic {
  readonly model: string;
  readonly cell: string;
  readonly metric: string;
  readonly stat: string;
  /** ms; mean over the predictions, one for each real repeat, and over the repeats. */
  readonly sim: number;
  readonly real: number;
  readonly error_fraction: number;
  /** Of the error, at LEVEL. */
  readonly interval_fraction: readonly [number, number];
  readonly tolerance_fraction: number;
  /** Least and greatest of the real repeats, ms. */
  readonly spread: readonly [number, number];
  readonly verdict: Verdict;
  readonly noise: NoiseSource;
  /** Of "cannot tell": repeats to add until it can be decided; null: no number would do. */
  readonly more_repeats: number | null;
  /** Simulated at the pace of the calibration. */
  readonly verdict_as_calibrated: Verdict;
  /** Simulated at the pace beside each real run; null where it was not measured. */
  readonly verdict_beside: Verdict | null;
}

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

type Simulated = Readonly<Record<string, RepeatedStatistic>>;

interface SimulatedCell {
  /** At the pace before each real run, or of the calibration where that is not known. */
  readonly predicted: readonly Simulated[];
  readonly asCalibrated: readonly Simulated[];
  /** At the pace beside each real run; undefined where it is not known. */
  readonly beside: readonly Simulated[] | undefined;
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

interface JudgedWith extends SimulatedCell {
  readonly toleranceOf: ToleranceOf;
}

/** Every statistic that all real runs of the cell have. */
function judgeCell(model: string, { name, real }: CellResult, simulated: JudgedWith): JudgedStatistic[] {
  const { predicted, asCalibrated, beside, toleranceOf } = simulated;
  const isDisturbed = 2 * real.filter(wasDisturbed).length > real.length;
  const summaries = real.map(({ requests }) => summarise(columnsOf(requests)));
  return judged.flatMap(([metric, stat]): JudgedStatistic[] => {
    const key = `${stat}_${metric}_ms` as const;
    const reals = summaries.map((summary) => summary[key]);
    const isShown = summaries.every(({ hidden_percentiles: hidden }) => !hidden.includes(key));
    if (!isShown || !reals.every((value) => value !== null)) return [];
    const tolerance = toleranceOf(metric, stat);
    const judgeAt = (sims: readonly Simulated[]): Judgement | null =>
      judgeError({
        sims: sims.map((sim) => sim[key]!.mean),
        reals,
        tolerance,
        isDisturbed,
        simulation: sims.map((sim) => sim[key]!.spread).reduce((a, b) => (b.draws > a.draws ? b : a)),
      });
    const found = judgeAt(predicted);
    const blind = judgeAt(asCalibrated);
    if (found === null || blind === null) return [];
    return [
      {
        ...{ model, cell: name, metric, stat },
        sim: mean(predicted.map((sim) => sim[key]!.mean)),
        real: mean(reals),
        error_fraction: found.error,
        interval_fraction: found.interval,
        tolerance_fraction: tolerance,
        spread: [least(reals), greatest(reals)],
        verdict: found.verdict,
        noise: found.noise,
        more_repeats: found.moreRepeats,
        verdict_as_calibrated: blind.verdict,
        verdict_beside: beside === undefined ? null : (judgeAt(beside)?.verdict ?? null),
      },
    ];
  });
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

function wasDisturbed({ info }: Run): boolean {
  return info.valid?.ok === false;
}

function machineOf({ machine: { cpu, os }, engine }: Profile): string {
  const processor = cpu === undefined ? "unknown CPU" : `${cpu.model}, ${cpu.cores} cores`;
  return [processor, ...(os === undefined ? [] : [os]), `${engine.name} ${engine.version}`].join("; ");
}
