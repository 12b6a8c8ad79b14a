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

/** Cells without a row, or that cannot be simulated, have none here. Ends of intervals are columns `<statistic>_low` and `_high`. */
export async function openTable(folder: SweepFolder): Promise<OpenTable> {
  const shapes = new Shapes();
  const given: number[] = [];
  const plan = await PlanFile.open(folder.plan, (cell) => {
    given.push(shapes.numberOf(givenFields(cell)));
  });
  const found = new Uint32Array(plan.length);
  const states = new CellStates(plan.length);
  const places = await RowPlaces.of(folder, plan, (place, row) => {
    states.set(place, stateOf(row));
    found[place] = shapes.numberOf(foundFields(row));
  });
  const keyAt = (place: number): string => `${given[place]!}/${found[place]!}`;
  const pairs = new Map<string, Shape>();
  for (let place = 0; place < plan.length; place++) {
    const key = keyAt(place);
    if (places.has(place) && !pairs.has(key)) pairs.set(key, shapes.joined(given[place]!, found[place]!));
  }
  // In the order in which the rows of the plan bring them.
  const columns = [...new Set([...pairs.values()].flatMap((pair) => pair.columns))];
  const ownPlaces = new Map([...pairs].map(([key, pair]) => [key, columns.map((name) => pair.columns.indexOf(name))]));
  return {
    columns,
    texts: new Set([...pairs.values()].flatMap(({ texts }) => texts)),
    status: await statusOf(plan, (place) => states.at(place)),
    async *rows() {
      let place = -1;
      for await (const cell of plan) {
        place++;
        if (!places.has(place)) continue;
        const row = joined(givenFields(cell), foundFields(places.rowAt(place)));
        yield ownPlaces.get(keyAt(place))!.map((at) => row[at]?.[1] ?? null);
      }
    },
    close: () => {
      places.close();
    },
  };
}

type Field = readonly [column: string, value: TableValue];

/** The columns of some fields, and which of them have texts. */
interface Shape {
  readonly columns: readonly string[];
  readonly texts: readonly string[];
}

/** The shapes of many lists of fields: a number for each, since most have the same. */
class Shapes {
  private readonly numbers = new Map<string, number>();
  private readonly shapes: Shape[] = [];

  numberOf(fields: readonly Field[]): number {
    const columns = fields.map(([column]) => column);
    const texts = fields.filter(([, value]) => typeof value === "string").map(([column]) => column);
    const key = JSON.stringify([columns, texts]);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.shapes.length);
    return this.shapes.push({ columns, texts }) - 1;
  }

  joined(given: number, found: number): Shape {
    const [a, b] = [this.shapes[given]!, this.shapes[found]!];
    return { columns: joined(a.columns, b.columns), texts: [...a.texts, ...b.texts] };
  }
}

/** Fields that say which cell it is; after them comes why it failed, the first field of its row. */
const NAMES = 7;

function joined<T>(given: readonly T[], found: readonly T[]): T[] {
  return [...given.slice(0, NAMES), found[0]!, ...given.slice(NAMES), ...found.slice(1)];
}

function givenFields({ id, policy, label, settings, profile, load, seed, replicas }: PlannedCell): Field[] {
  const { label: loadLabel, ...sent } = load;
  return [
    ...fieldsOf("", { cell: id, profile, policy, label, load: loadLabel, seed, replicas }),
    ...fieldsOf("policy.", settings),
    ...fieldsOf("load.", sent),
  ];
}

function foundFields(row: SweepRow): Field[] {
  if ("failed" in row) return [["error", row.failed]];
  const fields: Field[] = [["error", null], ...fieldsOf("capacity.", row.capacity)];
  for (const [key, value] of Object.entries(row.statistics)) {
    // What the run is too short to show would be believed.
    fields.push([key, row.hidden.includes(key) ? null : value]);
    const ends = row.intervals[key];
    if (ends !== undefined) fields.push([`${key}_low`, ends[0]], [`${key}_high`, ends[1]]);
  }
  return fields;
}

function fieldsOf(prefix: string, values: object): Field[] {
  return Object.entries(values).map(([key, value]) => [prefix + key, plain(value)]);
}

function plain(value: unknown): TableValue {
  if (typeof value === "number" || typeof value === "string" || value === null) return value;
  return value === undefined ? null : JSON.stringify(value);
}
