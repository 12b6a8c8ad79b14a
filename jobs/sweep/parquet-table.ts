/** A Parquet file written row by row: the rows of one group are kept, a column at a time in as little room as they take. */
import { fileWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import type { TableValue } from "./table.js";

/** Rows of the first group, and of all others. */
const GROUPS = [1000, 100_000] as const;

interface Column {
  readonly name: string;
  readonly type: "DOUBLE" | "STRING";
  /** Of the group; an array of doubles, NaN for none, takes 8 bytes a value. No file of rows has a NaN. */
  values: TableValue[];
}

export class ParquetTable {
  private readonly writer: ParquetWriter;
  private readonly columns: readonly Column[];
  private groups = 0;
  private rows = 0;

  /** A column that has no text is of doubles. */
  constructor(path: string, names: readonly string[], texts: ReadonlySet<string>) {
    this.columns = names.map((name) => ({ name, type: texts.has(name) ? "STRING" : "DOUBLE", values: [] }));
    const columnData = this.columns.map(({ name, type }) => ({ name, type, data: [] }));
    this.writer = new ParquetWriter({ writer: fileWriter(path), schema: schemaFromColumnData({ columnData }) });
  }

  add(row: readonly TableValue[]): void {
    for (const [at, { type, values }] of this.columns.entries()) {
      const value = row[at] ?? null;
      if (type === "DOUBLE") values.push(value === null ? NaN : Number(value));
      else values.push(value === null ? null : String(value));
    }
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
    const columnData = columns.map((column) => ({
      name: column.name,
      data: { length: rows, slice: () => taken(column) } as unknown as TableValue[],
    }));
    void this.writer.write({ columnData, rowGroupSize: rows });
    this.groups++;
    this.rows = 0;
  }
}

/** The values of the group, which the column then forgets. */
function taken(column: Column): TableValue[] {
  const { values } = column;
  column.values = [];
  return column.type === "DOUBLE" ? values.map((value) => (Number.isNaN(value) ? null : value)) : values;
}
