/**
 * The rows of a sweep as one table, in the order of its plan: the same whoever simulated which cell when. The table is read row by
 * row; what is kept of each cell is where its row is, and which columns it has.
 */
import type { SweepFolder } from "./folder.js";
import { PlanFile, type PlannedCell } from "./plan-file.js";
import type { SweepRow } from "./row.js";
import { RowPlaces } from "./row-places.js";
import { CellStates, stateOf, statusOf, type SweepStatus } from "./status.js";

export type TableValue = string | number | null;

export interface SweepTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableValue[])[];
}

/** A table whose rows come one by one. */
export interface OpenTable {
  readonly columns: readonly string[];
  /** Columns that have a text in some row. */
  readonly texts: ReadonlySet<string>;
  readonly status: SweepStatus;
  rows(): AsyncGenerator<readonly TableValue[]>;
  close(): void;
}

/** The table of some of a table's columns, a row at a time. */
export class KeptColumns {
  private readonly rows: TableValue[][] = [];
  private readonly places: readonly number[];

  constructor(
    private readonly columns: readonly string[],
    keep: (column: string) => boolean,
  ) {
    this.places = columns.flatMap((name, at) => (keep(name) ? [at] : []));
  }

  add(row: readonly TableValue[]): void {
    if (this.places.length > 0) this.rows.push(this.places.map((at) => row[at]!));
  }

  get table(): SweepTable {
    return { columns: this.places.map((at) => this.columns[at]!), rows: this.rows };
  }
}

/** The columns that are kept, of all rows, and how far the sweep is. */
export async function readTable(
  folder: SweepFolder,
  keep: (column: string) => boolean,
): Promise<{ readonly table: SweepTable; readonly status: SweepStatus }> {
  const open = await openTable(folder);
  try {
    const kept = new KeptColumns(open.columns, keep);
    for await (const row of open.rows()) kept.add(row);
    return { table: kept.table, status: open.status };
  } finally {
    open.close();
  }
}

/** Columns and the values in them. */
interface Fields {
  readonly columns: readonly string[];
  readonly values: readonly TableValue[];
}

/** Cells without a row, or that cannot be simulated, have none here. Ends of intervals are columns `<statistic>_low` and `_high`. */
export async function openTable(folder: SweepFolder): Promise<OpenTable> {
  const given = new Shapes();
  const plan = await PlanFile.open(folder.plan, (cell) => {
    given.add(givenFields(cell));
  });
  const found = new Shapes(plan.length);
  const states = new CellStates(plan.length);
  const places = await RowPlaces.of(folder, plan, (place, row) => {
    states.set(place, stateOf(row));
    found.set(place, foundFields(row));
  });
  const pairs = new Map<string, Pair>();
  const pairAt = (place: number): Pair => {
    const [a, b] = [given.at(place), found.at(place)];
    const key = `${a.number}/${b.number}`;
    const known = pairs.get(key) ?? { columns: joined(a.columns, b.columns), texts: [...a.texts, ...b.texts] };
    pairs.set(key, known);
    return known;
  };
  for (let place = 0; place < plan.length; place++) if (places.has(place)) pairAt(place);
  // In the order in which the rows of the plan bring them.
  const columns = [...new Set([...pairs.values()].flatMap((pair) => pair.columns))];
  for (const pair of pairs.values()) pair.from = columns.map((name) => pair.columns.indexOf(name));
  return {
    columns,
    texts: new Set([...pairs.values()].flatMap((pair) => pair.texts)),
    status: await statusOf(plan, (place) => states.at(place)),
    async *rows() {
      let place = -1;
      for await (const cell of plan) {
        place++;
        if (!places.has(place)) continue;
        const values = joined(givenFields(cell).values, foundFields(places.rowAt(place)).values);
        yield pairAt(place).from!.map((at) => values[at] ?? null);
      }
    },
    close: () => {
      places.close();
    },
  };
}

/** The columns of a row; `from`: where the values of the table's columns are among its own. */
interface Pair {
  readonly columns: readonly string[];
  readonly texts: readonly string[];
  from?: readonly number[];
}

interface Shape {
  readonly number: number;
  readonly columns: readonly string[];
  readonly texts: readonly string[];
}

/** Which columns, and which of them with texts, each of many fields has: a number for each, since most have the same. */
class Shapes {
  private readonly known = new Map<string, Shape>();
  private readonly shapes: Shape[] = [];
  private numbers: Uint32Array;
  private count = 0;

  constructor(length = 1024) {
    this.numbers = new Uint32Array(length);
  }

  add(fields: Fields): void {
    if (this.count === this.numbers.length) {
      const more = new Uint32Array(2 * this.numbers.length);
      more.set(this.numbers);
      this.numbers = more;
    }
    this.set(this.count++, fields);
  }

  set(at: number, { columns, values }: Fields): void {
    const texts = columns.filter((_, column) => typeof values[column] === "string");
    const key = JSON.stringify([columns, texts]);
    let shape = this.known.get(key);
    if (shape === undefined) {
      shape = { number: this.shapes.length, columns, texts };
      this.known.set(key, shape);
      this.shapes.push(shape);
    }
    this.numbers[at] = shape.number;
  }

  at(place: number): Shape {
    return this.shapes[this.numbers[place]!]!;
  }
}

/** Fields that say which cell it is; after them comes why it failed, the first field of its row. */
const NAMES = 7;

function joined<T>(given: readonly T[], found: readonly T[]): T[] {
  return [...given.slice(0, NAMES), found[0]!, ...given.slice(NAMES), ...found.slice(1)];
}

function givenFields({ id, policy, label, settings, profile, load, seed, replicas }: PlannedCell): Fields {
  const { label: loadLabel, ...sent } = load;
  const fields = new GrowingFields();
  fields.addAll("", { cell: id, profile, policy, label, load: loadLabel, seed, replicas });
  fields.addAll("policy.", settings);
  fields.addAll("load.", sent);
  return fields;
}

function foundFields(row: SweepRow): Fields {
  const fields = new GrowingFields();
  fields.add("error", "failed" in row ? row.failed : null);
  if ("failed" in row) return fields;
  fields.addAll("capacity.", row.capacity);
  for (const [key, value] of Object.entries(row.statistics)) {
    // What the run is too short to show would be believed.
    fields.add(key, row.hidden.includes(key) ? null : value);
    const ends = row.intervals[key];
    if (ends !== undefined) fields.addAll(`${key}_`, { low: ends[0], high: ends[1] });
  }
  return fields;
}

class GrowingFields implements Fields {
  readonly columns: string[] = [];
  readonly values: TableValue[] = [];

  add(column: string, value: unknown): void {
    this.columns.push(column);
    this.values.push(plain(value));
  }

  addAll(prefix: string, fields: object): void {
    for (const [key, value] of Object.entries(fields)) this.add(prefix + key, value);
  }
}

function plain(value: unknown): TableValue {
  if (typeof value === "number" || typeof value === "string" || value === null) return value;
  return value === undefined ? null : JSON.stringify(value);
}
