/** How far a sweep is, from its files alone: asked from any machine that sees them. */
import type { SweepFolder } from "./folder.js";
import { eachRow } from "./parts.js";
import { PlanFile, type PlannedCell } from "./plan-file.js";
import type { SweepRow } from "./row.js";

export interface Told {
  readonly cell: PlannedCell;
  readonly reason: string;
}

/** Lists have the first MOST_LISTED cells of the plan that they are about. */
export interface SweepStatus {
  readonly cells: number;
  readonly finished: number;
  readonly failed: readonly Told[];
  readonly failedCount: number;
  readonly impossible: readonly Told[];
  readonly impossibleCount: number;
  /** How many cells cannot be simulated for the same reason, and the first of them. */
  readonly reasons: ReadonlyMap<string, { readonly cell: PlannedCell; readonly count: number }>;
  readonly left: number;
}

export const MOST_LISTED = 10_000;

/** The cells of a plan in order, and their places in it. */
export type PlannedSource = (Iterable<PlannedCell> | AsyncIterable<PlannedCell>) & {
  readonly length: number;
  placeOf(id: string): number | undefined;
};

/** `planned`: the plan, where the caller has it. */
export async function sweepStatus(folder: SweepFolder, planned?: PlannedSource): Promise<SweepStatus> {
  const cells = planned ?? (await PlanFile.open(folder.plan));
  const states = await readStates(folder, cells);
  return statusOf(cells, (place) => states.at(place));
}

/** What became of a cell: null where it finished, else why it failed. */
export type CellState = string | null;

const NO_ROW = 0;
const FINISHED = 1;
const FAILED = 2;

/** What became of the cells of a plan, by their places: a byte each, and the reasons of those that failed. */
export class CellStates {
  private readonly states: Uint8Array;
  private readonly reasons = new Map<number, string>();

  constructor(length: number) {
    this.states = new Uint8Array(length);
  }

  /** Undefined: it has no row. */
  at(place: number): CellState | undefined {
    const state = this.states[place]!;
    if (state === NO_ROW) return undefined;
    return state === FINISHED ? null : this.reasons.get(place)!;
  }

  /** Of a cell that failed and was tried again, the success; of two failures, the later. */
  set(place: number, state: CellState): void {
    if (state === null) {
      this.states[place] = FINISHED;
      this.reasons.delete(place);
    } else if (this.states[place] !== FINISHED) {
      this.states[place] = FAILED;
      this.reasons.set(place, state);
    }
  }
}

/** Rows of cells that are not in the plan do not count. */
export async function readStates(
  folder: SweepFolder,
  cells: Pick<PlannedSource, "length" | "placeOf">,
): Promise<CellStates> {
  const states = new CellStates(cells.length);
  for await (const { row } of eachRow(folder.parts)) {
    const place = cells.placeOf(row.cell);
    if (place !== undefined) states.set(place, stateOf(row));
  }
  return states;
}

export function stateOf(row: SweepRow): CellState {
  return "failed" in row ? row.failed : null;
}

export async function statusOf(
  cells: PlannedSource,
  stateAt: (place: number, id: string) => CellState | undefined,
): Promise<SweepStatus> {
  const [failed, impossible] = [new Listed(), new Listed()];
  const reasons = new Map<string, { cell: PlannedCell; count: number }>();
  let [place, finished] = [0, 0];
  for await (const cell of cells) {
    const state = stateAt(place++, cell.id);
    if (state === null) finished++;
    else if (state !== undefined) failed.add(cell, state);
    if (cell.impossible === undefined) continue;
    impossible.add(cell, cell.impossible);
    const known = reasons.get(cell.impossible);
    if (known === undefined) reasons.set(cell.impossible, { cell, count: 1 });
    else known.count++;
  }
  return {
    cells: place,
    finished,
    failed: failed.list,
    failedCount: failed.count,
    impossible: impossible.list,
    impossibleCount: impossible.count,
    reasons,
    left: place - finished - failed.count - impossible.count,
  };
}

class Listed {
  readonly list: Told[] = [];
  count = 0;

  add(cell: PlannedCell, reason: string): void {
    if (this.count++ < MOST_LISTED) this.list.push({ cell, reason });
  }
}
