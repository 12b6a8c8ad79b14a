/** How far the runs of an answer are from what its profile was measured on. */
import type { Extrapolation } from "../../formats/index.js";
import { extrapolationNotes, mean } from "../../sim/index.js";

export interface ExtrapolatedRuns {
  /** Of the time, mean over the runs. */
  readonly share: number;
  /** Of the run in which it is the largest. */
  readonly notes: readonly string[];
}

export function extrapolationOf(runs: readonly { readonly extrapolated: Extrapolation }[]): ExtrapolatedRuns {
  if (runs.length === 0) return { share: 0, notes: [] };
  const all = runs.map(({ extrapolated }) => extrapolated);
  const most = all.reduce((a, b) => (b.share > a.share ? b : a));
  return { share: mean(all.map(({ share }) => share)), notes: extrapolationNotes(most) };
}
