/** The rows of a sweep as one table, in the order of its plan: the same whoever simulated which cell when. */
import type { SweepFolder } from "./folder.js";
import { readRows } from "./parts.js";
import { readPlan, type PlannedCell } from "./plan-file.js";
import type { SweepRow } from "./row.js";
import { stateOf, statusOf, type CellState, type SweepStatus } from "./status.js";

export type TableValue = string | number | null;

export interface SweepTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableValue[])[];
}

/** The columns of a row and its values in them. Rows that have the same columns share the list. */
interface Fields {
  readonly columns: readonly string[];
  readonly values: readonly TableValue[];
}

interface Kept {
  readonly state: CellState;
  /** Null: no cell of the plan. */
  readonly fields: Fields | null;
}

/** Cells without a row, or that cannot be simulated, have none here. Ends of intervals are columns `<statistic>_low` and `_high`. */
export async function readTable(
  folder: SweepFolder,
): Promise<{ readonly table: SweepTable; readonly status: SweepStatus }> {
  const cells = await readPlan(folder.plan);
  const plan = new Map(cells.map((cell) => [cell.id, cell]));
  const lists: (readonly string[])[] = [];
  const all = await readRows(folder.parts, (row): Kept => {
    const cell = plan.get(row.cell);
    return { state: stateOf(row), fields: cell === undefined ? null : shared(fieldsOf(cell, row), lists) };
  });
  const inOrder = cells.flatMap(({ id }) => all.get(id)?.fields ?? []);
  const used = [...new Set(inOrder.map((fields) => fields.columns))];
  const columns = [...new Set(used.flat())];
  const places = new Map(used.map((list) => [list, columns.map((name) => list.indexOf(name))]));
  const rows = inOrder.map((fields) => places.get(fields.columns)!.map((at) => fields.values[at] ?? null));
  const states = new Map([...all].map(([id, { state }]) => [id, state]));
  return { table: { columns, rows }, status: statusOf(cells, states) };
}

/** With a list of columns that is kept already, where it is the same. */
function shared({ columns, values }: Fields, lists: (readonly string[])[]): Fields {
  const known = lists.find((list) => list.length === columns.length && list.every((name, at) => name === columns[at]));
  if (known === undefined) lists.push(columns);
  return { columns: known ?? columns, values };
}

function fieldsOf(cell: PlannedCell, row: SweepRow): Fields {
  const columns: string[] = [];
  const values: TableValue[] = [];
  const add = (column: string, value: unknown): void => {
    columns.push(column);
    values.push(plain(value));
  };
  const addAll = (prefix: string, fields: object): void => {
    for (const [key, value] of Object.entries(fields)) add(prefix + key, value);
  };
  const { id, policy, label, settings, profile, load, seed, replicas } = cell;
  const { label: loadLabel, ...sent } = load;
  addAll("", { cell: id, profile, policy, label, load: loadLabel, seed, replicas });
  add("error", "failed" in row ? row.failed : null);
  addAll("policy.", settings);
  addAll("load.", sent);
  if ("failed" in row) return { columns, values };
  addAll("capacity.", row.capacity);
  for (const [key, value] of Object.entries(row.statistics)) {
    // What the run is too short to show would be believed.
    add(key, row.hidden.includes(key) ? null : value);
    const ends = row.intervals[key];
    if (ends !== undefined) addAll(`${key}_`, { low: ends[0], high: ends[1] });
  }
  return { columns, values };
}

function plain(value: unknown): TableValue {
  if (typeof value === "number" || typeof value === "string" || value === null) return value;
  return value === undefined ? null : JSON.stringify(value);
}
