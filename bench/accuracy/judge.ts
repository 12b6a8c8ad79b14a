/**
 * Whether a simulated statistic is close enough to the recorded one: within the tolerance for its kind of load, or inside
 * the range of identical real runs. Near capacity queues differ by half between identical runs, so there the real value is
 * to lie in the band of the simulated runs.
 */
import type { ReplayReport } from "../../experiment/replay-report.js";

export const loadKinds = ["below capacity", "block pressure", "near capacity"] as const;
export type LoadKind = (typeof loadKinds)[number];

export interface Judged {
  readonly key: string;
  readonly real: number;
  readonly sim: number;
  readonly error: number;
  /** Of identical real runs, where there are at least two. */
  readonly spread: readonly [number, number] | null;
  readonly verdict: "within" | "inside repeats" | "in band" | "missed";
}

const MEANS = { ttft: 0.05, tpot: 0.02, e2el: 0.02 } as const;
const TAILS = { ttft: 0.1, tpot: 0.05, e2el: 0.05 } as const;
const PRESSURE = { ttft: 0.1, tpot: 0.05, e2el: 0.1 } as const;

/** Largest relative error of a statistic such as mean_ttft_ms that counts as within. */
export function toleranceOf(key: string, kind: LoadKind): number {
  const [stat, metric] = key.split("_") as ["mean" | "p50" | "p95" | "p99", "ttft" | "tpot" | "e2el"];
  if (kind === "block pressure") return PRESSURE[metric];
  return stat === "mean" || stat === "p50" ? MEANS[metric] : TAILS[metric];
}

/** `repeats`: reports of identical real runs, this one among them. */
export function judge(report: ReplayReport, repeats: readonly ReplayReport[], kind: LoadKind): Judged[] {
  return Object.entries(report.metrics).flatMap(([key, { real, sim, error, band }]) => {
    if (real === null || sim === null || error === null) return [];
    const reals = repeats.map(({ metrics }) => metrics[key as keyof typeof metrics].real!);
    const spread: readonly [number, number] | null = reals.length > 1 ? [Math.min(...reals), Math.max(...reals)] : null;
    const isInside = spread !== null && spread[0] <= sim && sim <= spread[1];
    const isInBand = kind === "near capacity" && band !== null && band[0] <= real && real <= band[1];
    let verdict: Judged["verdict"] = "missed";
    if (Math.abs(error) <= toleranceOf(key, kind)) verdict = "within";
    else if (isInside) verdict = "inside repeats";
    else if (isInBand) verdict = "in band";
    return [{ key, real, sim, error, spread, verdict }];
  });
}
