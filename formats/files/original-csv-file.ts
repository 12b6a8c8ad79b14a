/** Reading and writing the original suite's CSV. */
import { originalColumns, originalRowSchema, type OriginalRow } from "../original-csv.js";
import { writeLinesAtomic } from "./disk/index.js";
import { checkRows, readCsv } from "./csv.js";
import { csvLine } from "./csv-text.js";
import { ArtifactError } from "../errors.js";

const required = ["scheduler_type", "run_num", "seq", "latency", "ttft", "tokens_per_sec", "output_tokens"];

/** Rows of a CSV with the original suite's columns; at least one. */
export async function readOriginalCsv(path: string): Promise<OriginalRow[]> {
  const rows = checkRows(originalRowSchema, await readCsv(path, required), path);
  if (rows.length === 0) throw new ArtifactError(`${path} holds no rows, expected at least one request`);
  return rows;
}

/** Writes rows with the original suite's columns and `source`: one for each request of each run, as many as there are. */
export async function writeOriginalCsv(
  path: string,
  rows: Iterable<Readonly<Record<string, string | number | undefined>>>,
): Promise<void> {
  await writeLinesAtomic(path, linesOf(rows));
}

function* linesOf(rows: Iterable<Readonly<Record<string, string | number | undefined>>>): Generator<string> {
  yield csvLine(originalColumns);
  for (const row of rows) yield csvLine(originalColumns.map((name) => row[name]));
}
