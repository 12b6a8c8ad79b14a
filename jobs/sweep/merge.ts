/** Merges the rows of a sweep into sweep.csv and sweep.parquet: the same bytes for any number of processes and any order. */
import { makeAtomic, writeCsvRows } from "../../formats/files/index.js";
import type { SweepFolder } from "./folder.js";
import { ParquetTable } from "./parquet-table.js";
import type { SweepStatus } from "./status.js";
import { KeptColumns, openTable, type SweepTable, type TableValue } from "./table.js";

export interface MergeOptions {
  /** Columns that are also kept, of all rows; absent: none are. */
  readonly keep?: ((column: string) => boolean) | undefined;
}

/** Returns how far the sweep is, and the table of the columns kept; cells without a row yet are not in the tables. */
export async function mergeSweep(
  folder: SweepFolder,
  { keep = () => false }: MergeOptions = {},
): Promise<SweepStatus & { readonly table: SweepTable }> {
  const table = await openTable(folder);
  const { columns, texts, status } = table;
  const kept = new KeptColumns(columns, keep);
  try {
    await makeAtomic(folder.parquet, async (path) => {
      const parquet = new ParquetTable(path, columns, texts);
      const rows = async function* (): AsyncGenerator<readonly TableValue[]> {
        for await (const row of table.rows()) {
          parquet.add(row);
          kept.add(row);
          yield row;
        }
      };
      await writeCsvRows(folder.csv, columns, rows());
      await parquet.finish();
    });
  } finally {
    table.close();
  }
  return { ...status, table: kept.table };
}
