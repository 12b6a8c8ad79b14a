/** Which shapes deserve another repeat: those whose median is least certain, until it is certain enough or costs too much. */
import { greatest } from "../../../formats/index.js";
import { shapeName, type Cell } from "../../fit/index.js";
import { stream } from "../../../sim/kernel/index.js";
import type { MeasureTask } from "./measure.js";
import type { GridPlan } from "../plan.js";

/** A median is certain enough when its interval reaches no further than this to either side, a fraction. */
export const NARROW_FRACTION = 0.1;

/**
 * One further repeat for each shape whose median is uncertain and that has less than `plan.maxRepeats`, at most `most` of
 * them, the least certain; in random order. Follows from the measurements alone, so a resumed session asks for the same.
 */
export function nextRepeats(cells: readonly Cell[], plan: GridPlan, most: number): MeasureTask[] {
  const wide = cells
    .filter(({ repeats }) => repeats.length < plan.maxRepeats)
    .map((cell) => ({ cell, width: wallHalfWidth(cell) }))
    .filter(({ width }) => width > NARROW_FRACTION)
    .sort((a, b) => b.width - a.width)
    .slice(0, Math.max(0, most));
  return wide
    .map(({ cell }): MeasureTask => {
      const { batchSize, promptTokens, decodeSteps, repeats } = cell;
      const rep = greatest(repeats.map((repeat) => repeat.rep)) + 1;
      return { kind: "grid", shape: { batchSize, promptTokens, decodeSteps }, rep };
    })
    .map((task) => ({ task, key: stream(`${plan.seed}/calibrate/repeat/${shapeName(task.shape)}/${task.rep}`)() }))
    .sort((a, b) => a.key - b.key)
    .map(({ task }) => task);
}

/** Half width of the interval of a cell's median wall time, a fraction. */
export function wallHalfWidth({ repeats }: Cell): number {
  return medianHalfWidth(repeats.map(({ wallNs }) => wallNs));
}

/**
 * Interval of a median from order statistics, whatever the distribution: the k-th smallest and k-th largest of n values
 * hold it with probability 1 - 2 P(Binomial(n, 1/2) < k). https://en.wikipedia.org/wiki/Median#Confidence_interval
 */
interface MedianInterval {
  readonly low: number;
  readonly high: number;
  /** Probability that the median lies between them. */
  readonly coverage: number;
}

const WANTED_COVERAGE = 0.9;

/** The narrowest symmetric interval of at least 90 %; of fewer than five values their range, which covers less. */
export function medianInterval(values: readonly number[]): MedianInterval {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let k = 1;
  while (k + 1 <= n / 2 && coverageOf(n, k + 1) >= WANTED_COVERAGE) k++;
  return { low: sorted[k - 1]!, high: sorted[n - k]!, coverage: Math.max(0, coverageOf(n, k)) };
}

/** Half the interval's width over its middle, a fraction; Infinity of fewer than two values. */
export function medianHalfWidth(values: readonly number[]): number {
  if (values.length < 2) return Infinity;
  const { low, high } = medianInterval(values);
  return (high - low) / (high + low);
}

function coverageOf(n: number, k: number): number {
  let below = 0;
  let probability = 2 ** -n;
  for (let i = 0; i < k; i++) {
    below += probability;
    probability *= (n - i) / (i + 1);
  }
  return 1 - 2 * below;
}
