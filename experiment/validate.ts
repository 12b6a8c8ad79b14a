/**
 * Validation: the same experiment for each of several models, each calibrated on this machine, and a verdict for every
 * statistic that is to agree. A statistic holds when its error is within the tolerance, or the simulated value lies
 * inside the spread of the real repeats.
 */
import { ConfigError, type Profile, type Validation } from "../formats/index.js";
import { sequenceAgreement, type Comparison } from "../report/compare/index.js";
import { readResults, type CellResult, type ExperimentResults } from "./results.js";
import { runResolved, type RunExperimentOptions } from "./run-experiment.js";

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
  /** ms. */
  readonly sim: number;
  readonly real: number;
  readonly error_fraction: number;
  /** Least and greatest of the real repeats, ms. */
  readonly spread: readonly [number, number] | null;
  readonly holds: boolean;
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
    statistics: results.flatMap(([model, of]) => judge(model, of, tolerance)),
    batches: results.flatMap(([model, of]) => batchesOf(model, of)),
    runs: runsOf(results.flatMap(([, { cells }]) => cells)),
    machine: machineOf(results[0]![1].profile),
    held_out: Object.fromEntries(
      results.map(([model, { profile }]) => [model, profile.held_out?.batch.median_ape ?? null]),
    ),
  };
}

function judge(model: string, { cells }: ExperimentResults, tolerance: number): JudgedStatistic[] {
  return cells.flatMap(({ name, comparison }) =>
    judged.flatMap(([metric, stat]) => {
      const entry = statisticOf(comparison, metric, stat);
      if (entry?.sim == null || entry.real == null || entry.error_fraction === null || !entry.shown) return [];
      const { sim, real, error_fraction, spread, verdict } = entry;
      const holds = Math.abs(error_fraction) <= tolerance || verdict === "inside";
      return [{ model, cell: name, metric, stat, sim, real, error_fraction, spread, holds }];
    }),
  );
}

function statisticOf(
  comparison: Comparison | undefined,
  metric: string,
  stat: string,
): Comparison["metrics"][number] | undefined {
  return comparison?.metrics.find((entry) => entry.metric === metric && entry.stat === stat);
}

function batchesOf(model: string, { cells }: ExperimentResults): JudgedBatches[] {
  return cells.flatMap(({ name, comparison, real }) => {
    const sequence = comparison?.batches?.sequences[0];
    const service = comparison?.batches?.statistics.find(({ stat }) => stat === "mean_service");
    const [first, second] = real;
    if (sequence === undefined || service?.sim == null || service.real == null || !first || !second) return [];
    const repeat = sequenceAgreement(second, first);
    const times = { sim_service_ms: service.sim, real_service_ms: service.real };
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
