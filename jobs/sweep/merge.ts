/** Merges the rows of a sweep into sweep.csv and sweep.parquet: the same bytes for any number of processes and any order. */
import { parquetWriteBuffer } from "hyparquet-writer";
import { writeBytesAtomic, writeCsv } from "../../formats/files/index.js";
import type { SweepFolder } from "./folder.js";
import type { SweepStatus } from "./status.js";
import { readTable, type SweepTable } from "./table.js";

/** Returns how far the sweep is, and the table; cells without a row yet are not in the tables. */
export async function mergeSweep(folder: SweepFolder): Promise<SweepStatus & { readonly table: SweepTable }> {
  const { table, status } = await readTable(folder);
  const { columns, rows } = table;
  await writeCsv(
    folder.csv,
    columns,
    rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at] ?? undefined]))),
  );
  writeBytesAtomic(folder.parquet, parquetOf(table));
  return { ...status, table };
}

/** A column whose values are all numbers, or absent, is of doubles; any other is of texts. */
function parquetOf({ columns, rows }: SweepTable): Uint8Array {
  const columnData = columns.map((name, at) => {
    const values = rows.map((row) => row[at] ?? null);
    const isNumeric = values.every((value) => typeof value !== "string");
    return isNumeric
      ? { name, data: values, type: "DOUBLE" as const }
      : { name, data: values.map((value) => (value === null ? null : String(value))), type: "STRING" as const };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
