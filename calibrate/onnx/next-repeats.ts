/** Which shapes deserve another repeat: those whose median is least certain, until it is certain enough or costs too much. */
import { greatest } from "../../formats/index.js";
import { shapeName, type Cell } from "../fit/index.js";
import { stream } from "../../sim/kernel/index.js";
import { medianHalfWidth } from "./median-interval.js";
import type { MeasureTask } from "./measure.js";
import type { GridPlan } from "./plan.js";

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
