/** A lane that simulates cells and hands on their rows. A thread that dies (out of memory) costs its cell only: another takes its place. */
import { BackendError } from "../../formats/index.js";
import { workerFile } from "../../formats/files/index.js";
import { ownLane, workerLane, type Lane } from "../threads/index.js";
import { cellName, type SweepCell } from "./cells.js";
import type { SweepRow } from "./row.js";
import { simulateCell, type SweepBase } from "./simulate-cell.js";

/** `keep` gets each row before the lane takes another cell. In this thread unless `hasThread`. */
export function cellLane(
  base: SweepBase,
  hasThread: boolean,
  keep: (row: SweepRow) => void | Promise<void>,
): Lane<SweepCell, void> {
  const start = (): Lane<SweepCell, SweepRow> =>
    hasThread
      ? workerLane(workerFile("sweep-cells"), base, "with fewer --workers there is more memory for each")
      : ownLane((cell: SweepCell) => simulateCell(base, cell));
  let lane = start();
  const rowOf = async (cell: SweepCell): Promise<SweepRow> => {
    try {
      return await lane.run(cell);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      await lane.close();
      lane = start();
      return { cell: cell.id, failed: `${cellName(cell)}: ${error.message}` };
    }
  };
  return {
    run: async (cell) => {
      await keep(await rowOf(cell));
    },
    close: () => lane.close(),
  };
}
