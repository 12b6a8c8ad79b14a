/**
 * The verdicts of one cell of a validation: each statistic of its simulated runs beside that of its real repeats
 * (report/compare/verdict.ts).
 */
import { greatest, least, type Run } from "../../formats/index.js";
import { columnsOf, mean, summarise } from "../../sim/index.js";
import {
  judgeError,
  type Judgement,
  type NoiseSource,
  type ToleranceOf,
  type Verdict,
} from "../../report/compare/index.js";
import type { CellResult } from "../experiment/index.js";
import type { RepeatedStatistic } from "./repeated-simulation.js";

/** Metrics and statistics that are judged. */
export const judged = [
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

/** Statistics by the keys of a summary. */
export type Simulated = Readonly<Record<string, RepeatedStatistic>>;

export interface SimulatedCell {
  /** At the pace before each real run, or of the calibration where that is not known. */
  readonly predicted: readonly Simulated[];
  readonly asCalibrated: readonly Simulated[];
  /** At the pace beside each real run; undefined where it is not known. */
  readonly beside: readonly Simulated[] | undefined;
}

interface JudgedWith extends SimulatedCell {
  readonly toleranceOf: ToleranceOf;
}

/** Every statistic that all real runs of the cell have. */
export function judgeCell(model: string, { name, real }: CellResult, simulated: JudgedWith): JudgedStatistic[] {
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

/** Whether something disturbed a real run (real/validity.ts). */
export function wasDisturbed({ info }: Run): boolean {
  return info.valid?.ok === false;
}
