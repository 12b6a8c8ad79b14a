/** Numbers of whole runs that only some loads have: requests given up and their waste, shares of a class within its limits. */
import type { Run } from "../../formats/index.js";
import { simulatedValue } from "./simulated-value.js";
import { compareStatistic, type Judging, type StatisticComparison } from "./statistic.js";

const giveUps: Readonly<Record<string, string>> = {
  aborted: "requests",
  retried: "requests",
  unanswered: "requests",
  wasted_output_tokens: "tokens",
};

/** One entry for each that all runs have in their summaries. */
export function compareFacts(
  sims: readonly Run[],
  reals: readonly Run[],
  { toleranceOf, isDisturbed }: Judging,
): StatisticComparison[] {
  const runs = [...sims, ...reals];
  const valueOf = ({ info }: Run, key: string): number | undefined => {
    const value = info.summary?.[key];
    return typeof value === "number" ? value : undefined;
  };
  const keys = Object.keys(sims[0]!.info.summary ?? {}).filter(
    (key) =>
      (Object.hasOwn(giveUps, key) || key.startsWith("attainment@")) &&
      runs.every((run) => valueOf(run, key) !== undefined),
  );
  return keys.map((metric) =>
    compareStatistic(
      {
        ...{ metric, stat: "run", unit: giveUps[metric] ?? "share", n: sims[0]!.info.requests },
        ...{ tolerance: toleranceOf(metric, "run"), isDisturbed },
      },
      sims.map((run) => simulatedValue(run, metric, valueOf(run, metric)!, true)),
      reals.map((run) => valueOf(run, metric)!),
    ),
  );
}
