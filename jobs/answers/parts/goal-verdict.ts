/** What the runs of an answer say of its goals. */
import { predictionInterval } from "../../../sim/index.js";

export type GoalVerdict = "safe" | "knee" | "no";

/** Whether goals hold, by the ratio of each run (above 1: missed): in 9 of 10 runs or more, in hardly any, or in some. */
export function goalVerdictOf(ratios: readonly number[]): GoalVerdict {
  const [low, high] = predictionInterval(ratios) ?? [ratios[0]!, ratios[0]!];
  if (high <= 1) return "safe";
  return low > 1 ? "no" : "knee";
}

/** The name that comes most often, the first of equals; null: there is none. */
export function mostFrequent(names: readonly string[]): string | null {
  const countOf = (name: string): number => names.filter((other) => other === name).length;
  return names.reduce<string | null>(
    (best, name) => (best === null || countOf(name) > countOf(best) ? name : best),
    null,
  );
}
