/** What the runs of an answer say of its goals. */
import { ConfigError, goalsText, type Goals } from "../../formats/index.js";
import { predictionInterval, requestsToShow } from "../../sim/index.js";
import type { DetailedProbe } from "./probe.js";

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

/** ConfigError for runs too short to show a goal. `isStated`: the user says how long they are. */
export function requireShown(count: number, goals: Goals, isStated: boolean): void {
  const needed = requestsToShow(goals);
  if (count >= needed) return;
  throw new ConfigError(
    `${isStated ? "--num-prompts:" : "the load has"} ${count} requests, too few to show ${goalsText(goals)}: it takes at least ` +
      `${needed} (docs/metrics.md, Percentiles)`,
  );
}

/** A note where all runs together show too little of a goal; `growing`: the flag that makes them longer, where they could be. */
export function independenceNote(
  atValue: readonly DetailedProbe[],
  { goals, count, growing }: { readonly goals: Goals; readonly count: number; readonly growing: string | undefined },
): string | undefined {
  const needed = requestsToShow(goals);
  const independent = atValue.reduce((sum, probe) => sum + probe.independent, 0);
  if (independent >= needed) return undefined;
  const remedy = growing === undefined ? "" : `: ${growing} ${Math.ceil((count * needed) / independent)} would do`;
  return (
    `at the answer all runs together are worth ${Math.floor(independent)} independent requests, and ` +
    `${goalsText(goals)} takes ${needed}${remedy}`
  );
}
