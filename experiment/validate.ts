/**
 * Validation: the same experiment for each of several models, each calibrated on this machine, and a verdict for every
 * statistic that is to agree. A statistic holds when its error is within the tolerance, or the simulated value lies
 * inside the spread of the real repeats.
 */
import { ConfigError, type Validation } from "../formats/index.js";
import type { Comparison } from "../report/compare/index.js";
import { readResults, type ExperimentResults } from "./results.js";
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

/** Batches of a cell: those equal to the real run's from the first on, of the first repeat. */
export interface JudgedBatches {
  readonly model: string;
  readonly cell: string;
  readonly equal_leading: number;
  readonly sim_batches: number;
  readonly real_batches: number;
}

export interface ValidationResult {
  readonly name: string;
  readonly tolerance: number;
  readonly statistics: readonly JudgedStatistic[];
  readonly batches: readonly JudgedBatches[];
  /** Held-out median error of each model's calibration, fraction. */
  readonly held_out: Readonly<Record<string, number | null>>;
}

/** Runs what is missing of a validation and judges all of it; `path` is the file that it comes from. */
export async function validate(
  { models, tolerance, ...experiment }: Validation,
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
    results.push([model, await readResults(await runResolved(own, path, options))]);
  }
  return {
    name: experiment.name,
    tolerance,
    statistics: results.flatMap(([model, of]) => judge(model, of, tolerance)),
    batches: results.flatMap(([model, of]) => batchesOf(model, of)),
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
  return cells.flatMap(({ name, comparison }) => {
    const sequence = comparison?.batches?.sequences[0];
    return sequence === undefined ? [] : [{ model, cell: name, ...sequence }];
  });
}
