/**
 * Validation: the same experiment for each of several models, each calibrated on this machine, and a verdict for every
 * statistic that is to agree. A statistic holds when its error is within the tolerance, or the simulated value lies
 * inside the spread of the real repeats. Simulated is at the pace that the machine had during the real runs (pace.ts), often
 * enough that one draw of the jitter does not decide.
 */
import { ConfigError, type Profile, type Validation } from "../formats/index.js";
import { mean, simulateRun } from "../sim/index.js";
import { sequenceAgreement } from "../report/compare/index.js";
import { worksOf } from "./cell-works.js";
import { cellsOf } from "./cells.js";
import { atPace } from "./pace.js";
import { readResults, type CellResult, type ExperimentResults } from "./results.js";
import { runResolved, type RunExperimentOptions } from "./run-experiment.js";
import type { CellWork } from "./simulate-cells.js";

const judged = [
  ["ttft", "mean"],
  ["ttft", "p95"],
  ["e2el", "mean"],
  ["e2el", "p95"],
] as const;

export interface JudgedStatistic {
  readonly model: string;
  readonly cell: string;
  readonly metric: string;
  readonly stat: string;
  /** ms; mean of the simulated runs, and of the real repeats. */
  readonly sim: number;
  readonly real: number;
  readonly error_fraction: number;
  /** Least and greatest of the real repeats, ms. */
  readonly spread: readonly [number, number] | null;
  readonly holds: boolean;
  /** Whether it would, simulated at the pace of the calibration. */
  readonly holds_as_calibrated: boolean;
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
  /** Of the machine during the real runs, by the calibration's reference batch; above 1 it is slower. */
  readonly pace: number | null;
}

/** Real runs, and those that something disturbed (real/validity.ts). */
export interface JudgedRuns {
  readonly all: number;
  readonly disturbed: number;
}

export interface ValidationResult {
  readonly name: string;
  readonly tolerance: number;
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
      `${path}: num_runs is ${experiment.num_runs}, expected at least 2: repeats are the noise floor`,
    );
  }
  const results: [model: string, results: ExperimentResults][] = [];
  for (const model of models) {
    options.reporter.note(`model ${model}`);
    const calibrate = { device: "cpu", repeats: 3, ...experiment.calibrate, model } as const;
    const own = { ...experiment, name: `${experiment.name}-${model}`, calibrate };
    results.push([model, await readResults(await runResolved(own, path, { ...options, quiet: { waitS, attempts } }))]);
  }
  return {
    name: experiment.name,
    tolerance,
    statistics: (await Promise.all(results.map(([model, of]) => judge(model, of, { path, tolerance })))).flat(),
    batches: results.flatMap(([model, of]) => batchesOf(model, of)),
    runs: runsOf(results.flatMap(([, { cells }]) => cells)),
    machine: machineOf(results[0]![1].profile),
    held_out: Object.fromEntries(
      results.map(([model, { profile }]) => [model, profile.held_out?.batch.median_ape ?? null]),
    ),
  };
}

async function judge(
  model: string,
  { cells, experiment, profile }: ExperimentResults,
  { path, tolerance }: { readonly path: string; readonly tolerance: number },
): Promise<JudgedStatistic[]> {
  const { prompts, seed, jitter } = experiment;
  const works = await worksOf(cellsOf(experiment, path), { profile, prompts, seed });
  return cells.flatMap((result) => {
    const { name, comparison, pace = 1 } = result;
    const work = works.find(({ cell }) => cell.name === name)!;
    const meansAt = (pace: number): SummaryMeans => simulatedMeans(work, atPace(profile, pace), { seed, jitter });
    const [asThen, asCalibrated] = [meansAt(pace), meansAt(1)];
    return judged.flatMap(([metric, stat]) => {
      const entry = comparison?.metrics.find((one) => one.metric === metric && one.stat === stat);
      if (entry?.real == null || !entry.shown) return [];
      const { real, spread } = entry;
      const key = `${stat}_${metric}_ms`;
      const holds = (sim: number): boolean =>
        Math.abs(sim / real - 1) <= tolerance || (spread !== null && spread[0] <= sim && sim <= spread[1]);
      const sim = asThen[key]!;
      const verdicts = { holds: holds(sim), holds_as_calibrated: holds(asCalibrated[key]!) };
      return [{ model, cell: name, metric, stat, sim, real, error_fraction: sim / real - 1, spread, ...verdicts }];
    });
  });
}

type SummaryMeans = Readonly<Record<string, number>>;

/** Simulated runs behind a statistic. */
const REPLICATIONS = 20;

/** The statistics that are judged, mean of runs that differ in their jitter. */
function simulatedMeans(
  { cell, workload }: CellWork,
  profile: Profile,
  { seed, jitter }: { readonly seed: string; readonly jitter: boolean | undefined },
): SummaryMeans {
  const { plan, load, coldStart } = cell;
  const summaries = Array.from({ length: jitter === true ? REPLICATIONS : 1 }, (_, k) => {
    const { info } = simulateRun({ plan, profile, workload, load, seed: `${seed}/${k}`, coldStart, jitter });
    return info.summary as Readonly<Record<string, number>>;
  });
  const keys = judged.map(([metric, stat]) => `${stat}_${metric}_ms`);
  return Object.fromEntries(keys.map((key) => [key, mean(summaries.map((summary) => summary[key]!))]));
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
  return { all: runs.length, disturbed: runs.filter(({ info }) => info.valid?.ok === false).length };
}

function machineOf({ machine: { cpu, os }, engine }: Profile): string {
  const processor = cpu === undefined ? "unknown CPU" : `${cpu.model}, ${cpu.cores} cores`;
  return [processor, ...(os === undefined ? [] : [os]), `${engine.name} ${engine.version}`].join("; ");
}
