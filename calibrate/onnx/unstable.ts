/** Which shapes deserve further repeats: those whose fastest repeat no other confirms, a third of the grid at most. */
import type { Cell } from "../fit/index.js";
import type { MeasureTask } from "./measure.js";

const CONFIRMED_FRACTION = 0.08;
const MAX_FRACTION = 0.34;
const EXTRA_REPEATS = 2;

/**
 * Two further repeats for the least stable shapes, none when all are stable. Judges the planned repeats only, so that a
 * resumed session asks for the same ones.
 */
export function unstableTasks(cells: readonly Cell[], plannedRepeats: number): MeasureTask[] {
  const unstable = cells
    .map((cell) => ({ cell, gap: gapToSecond(cell, plannedRepeats) }))
    .filter(({ gap }) => gap > CONFIRMED_FRACTION)
    .sort((a, b) => b.gap - a.gap)
    .slice(0, Math.ceil(cells.length * MAX_FRACTION));
  return Array.from({ length: EXTRA_REPEATS }, (_, extra) =>
    unstable.map(({ cell: { batchSize, promptTokens, decodeSteps } }): MeasureTask => ({
      kind: "grid",
      shape: { batchSize, promptTokens, decodeSteps },
      rep: plannedRepeats + extra,
    })),
  ).flat();
}

/** How much slower the second fastest repeat was than the fastest, a fraction; 0 when there is one repeat. */
function gapToSecond(cell: Cell, plannedRepeats: number): number {
  const walls = cell.repeats.filter(({ rep }) => rep < plannedRepeats).map(({ wallNs }) => wallNs);
  const [fastest, second] = walls.sort((a, b) => a - b);
  return fastest === undefined || second === undefined ? 0 : second / fastest - 1;
}
