/**
 * Large CSV files row by row: no object per field and no copy of the whole text, so that a million rows take about a
 * second. Quoted fields may hold commas and doubled quotes, not line breaks.
 */
import { ArtifactError } from "../../errors.js";
import { checkHeader, shortRow } from "../csv.js";
import { cellText, quotedFields, type CsvLine } from "../csv-text.js";
import { textLines } from "./text-lines.js";

export interface CsvTable {
  readonly path: string;
  readonly header: readonly string[];
  /** The rows after the header, as long as the header, blank ones left out. Can be walked once. */
  readonly rows: Iterable<CsvLine>;
}

/** The table in a file's bytes. ArtifactError with its line where a row is not as long as the header. */
export function csvTable(path: string, bytes: Buffer): CsvTable {
  const lines = parsedLines(path, bytes);
  const first = lines.next();
  if (first.done === true) return { path, header: [], rows: [] };
  const header = first.value.fields;
  checkHeader(path, first.value, []);
  return { path, header, rows: ofLength(path, lines, header) };
}

/** Index of each column; ArtifactError where one is missing. */
export function columnsOf<Name extends string>(table: CsvTable, names: readonly Name[]): Record<Name, number> {
  const missing = names.filter((name) => !table.header.includes(name));
  if (table.header.length === 0)
    throw new ArtifactError(`${table.path} is empty, expected a header line with ${names.join(", ")}`);
  if (missing.length > 0) {
    const got = table.header.join(", ").slice(0, 200);
    throw new ArtifactError(`${table.path}:1: no column ${missing.join(", ")}, got ${got}`);
  }
  return Object.fromEntries(names.map((name) => [name, table.header.indexOf(name)])) as Record<Name, number>;
}

function* ofLength(path: string, lines: Iterable<CsvLine>, header: readonly string[]): Generator<CsvLine> {
  for (const row of lines) {
    if (row.fields.length !== header.length) throw shortRow(path, row, header);
    yield row;
  }
}

function* parsedLines(path: string, bytes: Buffer): Generator<CsvLine> {
  let line = 0;
  for (const text of textLines(bytes)) {
    line++;
    if (text.trim() === "") continue;
    const isQuoted = text.includes('"');
    const fields = isQuoted ? quotedFields(text) : text.split(",");
    if (fields === undefined) throw new ArtifactError(`${path}:${line}: not CSV: a quote is not closed on its line`);
    // What was in quotes is read already.
    for (let column = 0; !isQuoted && column < fields.length; column++) fields[column] = cellText(fields[column]!);
    yield { fields, line };
  }
}
