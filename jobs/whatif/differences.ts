/**
 * What a change does to each statistic, from pairs of days that share their random numbers: the mean difference with its
 * confidence interval (Student's t of paired differences), and the interval that the difference of one more day falls into.
 */
import type { AnswerDifference, AnswerInterval } from "../../formats/index.js";
import { mean, PREDICTION_LEVEL } from "../../sim/index.js";
import { intervalOf, meanInterval } from "../answers/index.js";

/** Of the value before: a difference that is surely smaller is none. */
const SAME = 0.01;

/** The same number of days of both, in pairs; `statistic`: a key of a run's summary. */
export function differenceOf(statistic: string, before: readonly number[], after: readonly number[]): AnswerDifference {
  const pairs = after.map((value, day) => value - before[day]!);
  const { mean: difference, low, high } = meanInterval(pairs, PREDICTION_LEVEL);
  const interval = pairs.length < 2 ? null : { low, high };
  return {
    statistic,
    before: mean(before),
    after: mean(after),
    difference,
    interval,
    of_a_day: intervalOf(pairs),
    verdict: interval === null ? "unclear" : verdictOf(statistic, interval, mean(before)),
  };
}

function verdictOf(statistic: string, { low, high }: AnswerInterval, before: number): AnswerDifference["verdict"] {
  const small = SAME * Math.abs(before);
  if (low >= -small && high <= small) return "same";
  if (low <= 0 && high >= 0) return "unclear";
  const isBetterHigh = !statistic.endsWith("_ms");
  return low > 0 === isBetterHigh ? "better" : "worse";
}
