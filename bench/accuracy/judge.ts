/**
 * Whether a simulated statistic agrees with the recorded one, by the rule of every verdict (report/compare/verdict.ts), with the
 * tolerance for its kind of load. How much identical runs differ is told by the other runs of the same load, without the one
 * that is scored and those of the fit; where fewer than two are left, by the band of the simulated runs.
 */
import type { ReplayReport } from "../../jobs/replay/index.js";
import { judgeError, type Judgement } from "../../report/compare/index.js";

export const loadKinds = ["below capacity", "block pressure", "near capacity"] as const;
export type LoadKind = (typeof loadKinds)[number];

export interface Judged extends Judgement {
  readonly key: string;
  readonly real: number;
  readonly sim: number;
}

const MEANS = { ttft: 0.05, tpot: 0.02, e2el: 0.02 } as const;
const TAILS = { ttft: 0.1, tpot: 0.05, e2el: 0.05 } as const;
const PRESSURE = { ttft: 0.1, tpot: 0.05, e2el: 0.1 } as const;

/** Largest relative error of a statistic such as mean_ttft_ms that counts as agreement. */
export function toleranceOf(key: string, kind: LoadKind): number {
  const [stat, metric] = key.split("_") as ["mean" | "p50" | "p95" | "p99", "ttft" | "tpot" | "e2el"];
  if (kind === "block pressure") return PRESSURE[metric];
  return stat === "mean" || stat === "p50" ? MEANS[metric] : TAILS[metric];
}

/** `others`: reports of identical real runs that are neither this one nor in the fit. */
export function judge(report: ReplayReport, others: readonly ReplayReport[], kind: LoadKind): Judged[] {
  return Object.entries(report.metrics).flatMap(([key, { real, sim, band }]) => {
    if (real === null || sim === null) return [];
    // Of one run, its calibration and its draws together; as simulated, this is what runs differ by.
    const run = band === null || !(sim > 0) ? 0 : (band[1] - band[0]) / 2 / sim;
    const found = judgeError({
      sims: [sim],
      reals: [real],
      tolerance: toleranceOf(key, kind),
      others: others.flatMap(({ metrics }) => metrics[key as keyof typeof metrics].real ?? []),
      simulation: { run, draws: run / Math.sqrt(report.replications), calibration: 0 },
    });
    return found === null ? [] : [{ key, real, sim, ...found }];
  });
}
