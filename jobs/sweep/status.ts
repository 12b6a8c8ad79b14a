/** How far a sweep is, from its files alone: asked from any machine that sees them. */
import type { SweepFolder } from "./folder.js";
import { readPlan, type PlannedCell } from "./plan-file.js";
import { readRows } from "./parts.js";

export interface SweepStatus {
  readonly cells: number;
  readonly finished: number;
  /** Reasons by cell. */
  readonly failed: readonly { readonly cell: PlannedCell; readonly reason: string }[];
  readonly impossible: readonly { readonly cell: PlannedCell; readonly reason: string }[];
  readonly left: number;
}

export async function sweepStatus(folder: SweepFolder): Promise<SweepStatus> {
  return statusOf(await readPlan(folder.plan), await readStates(folder));
}

/** What became of each cell that has a row: null where it finished, else why it failed. */
export function readStates(folder: SweepFolder): Promise<Map<string, string | null>> {
  return readRows(folder.parts, (row) => ("failed" in row ? row.failed : null));
}

function statusOf(cells: readonly PlannedCell[], states: ReadonlyMap<string, string | null>): SweepStatus {
  const impossible = cells.flatMap((cell) =>
    cell.impossible === undefined ? [] : [{ cell, reason: cell.impossible }],
  );
  const failed = cells.flatMap((cell) => {
    const reason = states.get(cell.id) ?? null;
    return reason === null ? [] : [{ cell, reason }];
  });
  const finished = cells.filter(({ id }) => states.has(id)).length - failed.length;
  return {
    cells: cells.length,
    finished,
    failed,
    impossible,
    left: cells.length - finished - failed.length - impossible.length,
  };
}
