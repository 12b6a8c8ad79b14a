/** How far the runs of an answer are from what its profile was measured on. */
import type { Extrapolation } from "../../../formats/index.js";
import { extrapolationNotes, mean } from "../../../sim/index.js";

export interface ExtrapolatedRuns {
  /** Of the time, mean over the runs. */
  readonly share: number;
  /** With the same share: of each quantity the farthest that a run asked for, and its mean share. */
  readonly notes: readonly string[];
}

export function extrapolationOf(runs: readonly { readonly extrapolated: Extrapolation }[]): ExtrapolatedRuns {
  if (runs.length === 0) return { share: 0, notes: [] };
  const all = runs.map(({ extrapolated }) => extrapolated);
  const share = mean(all.map((one) => one.share));
  return { share, notes: extrapolationNotes({ share, of: together(all) }) };
}

type Beyond = Extrapolation["of"][number];

function together(all: readonly Extrapolation[]): Beyond[] {
  const found = new Map<string, Beyond>();
  for (const one of all.flatMap(({ of }) => of)) {
    const key = `${one.quantity} ${one.side}`;
    const known = found.get(key);
    const farther = one.side === "above" ? Math.max : Math.min;
    found.set(key, {
      ...one,
      asked: farther(one.asked, known?.asked ?? one.asked),
      share: (known?.share ?? 0) + one.share / all.length,
    });
  }
  return [...found.values()];
}
