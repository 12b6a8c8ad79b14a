/** A Parquet file written row by row: the rows of one group are kept, a column at a time in as little room as they take. */
import { fileWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import type { TableValue } from "./table.js";

/** Rows of the first group, and of all others. */
const GROUPS = [1000, 100_000] as const;

export class ParquetTable {
  private readonly writer: ParquetWriter;
  private readonly columns: readonly Column[];
  private groups = 0;
  private rows = 0;

  /** A column that has no text is of doubles. */
  constructor(path: string, names: readonly string[], texts: ReadonlySet<string>) {
    this.columns = names.map((name) => (texts.has(name) ? new TextColumn(name) : new NumberColumn(name)));
    const columnData = this.columns.map(({ name, type }) => ({ name, type, data: [] }));
    this.writer = new ParquetWriter({ writer: fileWriter(path), schema: schemaFromColumnData({ columnData }) });
  }

  add(row: readonly TableValue[]): void {
    for (const [at, column] of this.columns.entries()) column.add(row[at] ?? null);
    this.rows++;
    if (this.rows === GROUPS[Math.min(this.groups, GROUPS.length - 1)]) this.writeGroup();
  }

  async finish(): Promise<void> {
    if (this.rows > 0) this.writeGroup();
    await this.writer.finish();
  }

  private writeGroup(): void {
    const { rows, columns } = this;
    // Only asked for its length and a part of it: each column becomes values when it is its turn.
    const columnData = columns.map(({ name }, at) => ({
      name,
      data: { length: rows, slice: () => columns[at]!.take() } as unknown as TableValue[],
    }));
    void this.writer.write({ columnData, rowGroupSize: rows });
    this.groups++;
    this.rows = 0;
  }
}

interface Column {
  readonly name: string;
  readonly type: "DOUBLE" | "STRING";
  add(value: TableValue): void;
  /** All values since the last time. */
  take(): TableValue[];
}

class TextColumn implements Column {
  readonly type = "STRING";
  private values: (string | null)[] = [];

  constructor(readonly name: string) {}

  add(value: TableValue): void {
    this.values.push(value === null ? null : String(value));
  }

  take(): TableValue[] {
    const { values } = this;
    this.values = [];
    return values;
  }
}

class NumberColumn implements Column {
  readonly type = "DOUBLE";
  private values = new Float64Array(1024);
  /** 1: a value; a number that is none would be taken for one that is absent. */
  private known = new Uint8Array(1024);
  private count = 0;

  constructor(readonly name: string) {}

  add(value: TableValue): void {
    if (this.count === this.values.length) this.grow();
    this.known[this.count] = value === null ? 0 : 1;
    this.values[this.count++] = Number(value);
  }

  take(): TableValue[] {
    const { values, known, count } = this;
    this.count = 0;
    return Array.from({ length: count }, (_, at) => (known[at] === 0 ? null : values[at]!));
  }

  private grow(): void {
    const [values, known] = [this.values, this.known];
    this.values = new Float64Array(2 * values.length);
    this.values.set(values);
    this.known = new Uint8Array(2 * known.length);
    this.known.set(known);
  }
}
