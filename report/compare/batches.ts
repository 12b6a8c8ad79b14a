/**
 * Batches of a batch policy (naive, dynamic), simulated beside real: how many, how large, how long each ran, and
 * whether the scheduler formed the same sequence of batches.
 */
import type { BatchRecord, Run } from "../../formats/index.js";
import { mean } from "../../sim/metrics/index.js";
import { compareStatistic, type Judging, type StatisticComparison } from "./statistic.js";

/** How far two sequences of batch sizes agree, from the first batch on. */
export interface SequenceAgreement {
  readonly equal_leading: number;
  readonly sim_batches: number;
  readonly real_batches: number;
}

export interface BatchComparison {
  /** count (batches), mean_size (requests), mean_service (ms, end - start); one value per run. */
  readonly statistics: readonly StatisticComparison[];
  /** One entry per real repeat. */
  readonly sequences: readonly SequenceAgreement[];
}

/** Null when some run has no batches: a step-wise policy, or batches were not recorded. */
export function compareBatches(
  sims: readonly Run[],
  reals: readonly Run[],
  { toleranceOf, isDisturbed }: Judging,
): BatchComparison | null {
  if ([...sims, ...reals].some((run) => run.batches.length === 0)) return null;
  const compare = (stat: string, unit: string, of: (batches: readonly BatchRecord[]) => number): StatisticComparison =>
    compareStatistic(
      {
        metric: "batches",
        stat,
        unit,
        n: sims[0]!.batches.length,
        tolerance: toleranceOf("batches", stat),
        isDisturbed,
      },
      sims.map((run) => ({ value: of(run.batches) })),
      reals.map((run) => of(run.batches)),
    );
  return {
    statistics: [
      compare("count", "batches", (batches) => batches.length),
      compare("mean_size", "requests", (batches) => mean(batches.map((batch) => batch.size))),
      compare("mean_service", "ms", (batches) => mean(batches.map((batch) => (batch.endNs - batch.startNs) / 1e6))),
    ],
    sequences: reals.map((run, at) => sequenceAgreement(sims[at] ?? sims[0]!, run)),
  };
}

/** How far the batch sizes of two runs are the same. */
export function sequenceAgreement(sim: Run, real: Run): SequenceAgreement {
  return agreement(sizes(sim), sizes(real));
}

function sizes(run: Run): number[] {
  return [...run.batches].sort((a, b) => a.startNs - b.startNs || a.batchId - b.batchId).map((batch) => batch.size);
}

function agreement(sim: readonly number[], real: readonly number[]): SequenceAgreement {
  let equal = 0;
  while (equal < sim.length && equal < real.length && sim[equal] === real[equal]) equal++;
  return { equal_leading: equal, sim_batches: sim.length, real_batches: real.length };
}
