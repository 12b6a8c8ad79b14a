/**
 * What a change does to each statistic, from pairs of days that share their random numbers: the mean difference with its
 * confidence interval (Student's t of paired differences), and the interval that the difference of one more day falls into.
 */
import type { AnswerDifference, AnswerInterval } from "../../formats/index.js";
import { mean, PREDICTION_LEVEL, predictionInterval, sampleDeviation, studentT } from "../../sim/index.js";

/** Of the value before: a difference that is surely smaller is none. */
const SAME = 0.01;

/** The same number of days of both, in pairs; `statistic`: a key of a run's summary. */
export function differenceOf(statistic: string, before: readonly number[], after: readonly number[]): AnswerDifference {
  const pairs = after.map((value, day) => value - before[day]!);
  const middle = mean(pairs);
  const n = pairs.length;
  const deviation = n < 2 ? 0 : sampleDeviation(pairs);
  const reach = deviation === 0 ? 0 : (studentT(PREDICTION_LEVEL, n - 1) * deviation) / Math.sqrt(n);
  const interval = n < 2 ? null : { low: middle - reach, high: middle + reach };
  const day = predictionInterval(pairs);
  return {
    statistic,
    before: mean(before),
    after: mean(after),
    difference: middle,
    interval,
    of_a_day: day === null ? null : { low: day[0], high: day[1] },
    verdict: interval === null ? "unclear" : verdictOf(statistic, interval, mean(before)),
  };
}

function verdictOf(statistic: string, { low, high }: AnswerInterval, before: number): AnswerDifference["verdict"] {
  const small = SAME * Math.abs(before);
  if (low >= -small && high <= small) return "same";
  if (low <= 0 && high >= 0) return "unclear";
  return low > 0 === isBetterHigh(statistic) ? "better" : "worse";
}

function isBetterHigh(statistic: string): boolean {
  return !statistic.endsWith("_ms");
}
