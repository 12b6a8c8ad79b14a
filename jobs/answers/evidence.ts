/** Points of an answer's evidence: means and intervals of every statistic over the replications at one load. */
import type { AnswerEvidence } from "../../formats/index.js";
import { mean, predictionInterval } from "../../sim/index.js";

type Statistics = Readonly<Record<string, number | null>>;

/** Statistics that some replication has no value for are left out. */
export function evidenceOf(varied: AnswerEvidence["varied"], replications: readonly Statistics[]): AnswerEvidence {
  const statistics: Record<string, number> = {};
  const intervals: Record<string, { low: number; high: number }> = {};
  for (const key of Object.keys(replications[0]!)) {
    const values = replications.map((one) => one[key]).filter((value) => typeof value === "number");
    if (values.length < replications.length) continue;
    statistics[key] = mean(values);
    const interval = predictionInterval(values);
    if (interval === null) continue;
    const most = key.endsWith("_share") ? 1 : Infinity;
    intervals[key] = { low: interval[0], high: Math.min(most, interval[1]) };
  }
  return { varied, statistics, intervals, replications: replications.length };
}
