/** An answer's evidence, from the statistics of its runs: means, and the intervals that 9 of 10 runs fall into. */
import type { Answer, AnswerEvidence, AnswerInterval } from "../../../formats/index.js";
import { mean, predictionInterval, sampleDeviation, studentT, type SimulatedRunInput } from "../../../sim/index.js";
import { causesOf, missingCauses } from "../../replicate/index.js";
import { isOfSessions, type Deployment } from "../run/index.js";

type Statistics = Readonly<Record<string, number | null>>;

/** All runs at one point. */
export function evidenceAt(
  varied: AnswerEvidence["varied"],
  runs: readonly { readonly statistics: Statistics }[],
): AnswerEvidence {
  return evidenceOf(
    varied,
    runs.map(({ statistics }) => statistics),
  );
}

/** Statistics that some replication has no value for are left out. */
export function evidenceOf(varied: AnswerEvidence["varied"], replications: readonly Statistics[]): AnswerEvidence {
  const statistics: Record<string, number> = {};
  const intervals: Record<string, AnswerInterval> = {};
  for (const key of Object.keys(replications[0]!)) {
    const values = replications.map((one) => one[key]).filter((value) => typeof value === "number");
    if (values.length < replications.length) continue;
    statistics[key] = mean(values);
    const interval = intervalOf(values);
    if (interval === null) continue;
    const most = key.endsWith("_share") ? 1 : Infinity;
    intervals[key] = { low: interval.low, high: Math.min(most, interval.high) };
  }
  return { varied, statistics, intervals, replications: replications.length };
}

/** Holds the values of 9 of 10 runs; null: one run does not say. */
export function intervalOf(values: readonly number[]): AnswerInterval | null {
  const interval = predictionInterval(values);
  return interval === null ? null : { low: interval[0], high: interval[1] };
}

/**
 * The mean of differences in pairs of runs that share their random numbers, and its two-sided confidence interval (Student's
 * t). One alone does not say how far it may be off.
 */
export function meanInterval(
  differences: readonly number[],
  level: number,
): AnswerInterval & { readonly mean: number } {
  const n = differences.length;
  const middle = mean(differences);
  if (n < 2) return { mean: middle, low: -Infinity, high: Infinity };
  const reach = (studentT(level, n - 1) * sampleDeviation(differences)) / Math.sqrt(n);
  return { mean: middle, low: middle - reach, high: middle + reach };
}

/** Why the intervals of simulated runs do not hold all that varies from run to run. */
export function narrowNotes(input: SimulatedRunInput): string[] {
  return missingCauses(input, causesOf(input, true)).map((what) => `the interval is too narrow: ${what}`);
}

/** The turns per second at an answer that is a number of sessions; nothing for other loads, and without an answer. */
export function turnsOf(
  deployment: Deployment,
  value: number | null,
  { statistics, intervals }: AnswerEvidence,
): Pick<Answer, "turns_per_s"> {
  const turns = statistics.request_throughput;
  if (!isOfSessions(deployment) || value === null || value === 0 || turns == null) return {};
  return { turns_per_s: { value: turns, interval: intervals.request_throughput ?? null } };
}
