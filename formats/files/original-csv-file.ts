/** Reading and writing the original suite's CSV. */
import { originalColumns, originalRowSchema, type OriginalRow } from "../original-csv.js";
import { checkRows, readCsv, writeCsv } from "./csv.js";
import { ArtifactError } from "../errors.js";

const required = ["scheduler_type", "run_num", "seq", "latency", "ttft", "tokens_per_sec", "output_tokens"];

/** Rows of a CSV with the original suite's columns; at least one. */
export async function readOriginalCsv(path: string): Promise<OriginalRow[]> {
  const rows = checkRows(originalRowSchema, await readCsv(path, required), path);
  if (rows.length === 0) throw new ArtifactError(`${path} holds no rows, expected at least one request`);
  return rows;
}

/** Writes rows with the original suite's columns and `source`. */
export async function writeOriginalCsv(
  path: string,
  rows: Iterable<Readonly<Record<string, string | number | undefined>>>,
): Promise<void> {
  await writeCsv(path, originalColumns, rows);
}
