/** Which shapes deserve further repeats: those whose median is least certain, a third of the grid at most. */
import type { Cell } from "../fit/index.js";
import type { MeasureTask } from "./measure.js";

const WIDE_FRACTION = 0.1;
const MAX_FRACTION = 0.34;
const EXTRA_REPEATS = 2;

/**
 * Two further repeats for the least stable shapes, none when all are stable. Judges the planned repeats only, so that a
 * resumed session asks for the same ones.
 */
export function unstableTasks(cells: readonly Cell[], plannedRepeats: number): MeasureTask[] {
  const unstable = cells
    .map((cell) => ({ cell, spread: plannedSpread(cell, plannedRepeats) }))
    .filter(({ spread }) => spread > WIDE_FRACTION)
    .sort((a, b) => b.spread - a.spread)
    .slice(0, Math.ceil(cells.length * MAX_FRACTION));
  return Array.from({ length: EXTRA_REPEATS }, (_, extra) =>
    unstable.map(({ cell: { batchSize, promptTokens, decodeSteps } }): MeasureTask => ({
      kind: "grid",
      shape: { batchSize, promptTokens, decodeSteps },
      rep: plannedRepeats + extra,
    })),
  ).flat();
}

/** Half the range of the planned repeats over the middle of it, a fraction. */
function plannedSpread(cell: Cell, plannedRepeats: number): number {
  const walls = cell.repeats.filter(({ rep }) => rep < plannedRepeats).map(({ wallNs }) => wallNs);
  const [low, high] = [Math.min(...walls), Math.max(...walls)];
  return (high - low) / (high + low);
}
