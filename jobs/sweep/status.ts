/** How far a sweep is, from its files alone: asked from any machine that sees them. */
import type { SweepFolder } from "./folder.js";
import { readPlan, type PlannedCell } from "./plan-file.js";
import { readRows } from "./parts.js";
import type { SweepRow } from "./row.js";

export interface SweepStatus {
  readonly cells: number;
  readonly finished: number;
  /** Reasons by cell. */
  readonly failed: readonly { readonly cell: PlannedCell; readonly reason: string }[];
  readonly impossible: readonly { readonly cell: PlannedCell; readonly reason: string }[];
  readonly left: number;
}

/** `planned`: the plan, where the caller has it. */
export async function sweepStatus(folder: SweepFolder, planned?: readonly PlannedCell[]): Promise<SweepStatus> {
  return statusOf(planned ?? (await readPlan(folder.plan)), await readStates(folder));
}

/** What became of a cell: null where it finished, else why it failed. */
export type CellState = string | null;

/** Of each cell that has a row. */
export function readStates(folder: SweepFolder): Promise<Map<string, CellState>> {
  return readRows(folder.parts, stateOf);
}

export function stateOf(row: SweepRow): CellState {
  return "failed" in row ? row.failed : null;
}

export function statusOf(cells: readonly PlannedCell[], states: ReadonlyMap<string, CellState>): SweepStatus {
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
