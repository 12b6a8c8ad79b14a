/** CSV tables, with the line named when a row is short, long or holds a bad value. */
import type { createHash } from "node:crypto";
import { writeToString } from "fast-csv";
import type { z } from "zod";
import { ArtifactError } from "../errors.js";
import { check } from "../check.js";
import { writeLinesAtomic, byteChunks } from "./disk/index.js";
import { csvLine, csvLines, CsvProblem, notRun, type CsvLine } from "./csv-text.js";

/** Line of a row in its file: blank lines and quoted line breaks count, so it is not the row's index. */
const lineKey = Symbol("line");

export type CsvRow = Readonly<Record<string, string>> & { readonly [lineKey]?: number };

/** Line of a row that `readCsv` returned, from 1; 0 for a row from elsewhere. */
export function lineOf(row: CsvRow): number {
  return row[lineKey] ?? 0;
}

export interface CsvOptions {
  /** Columns that must be there. */
  readonly required: readonly string[];
  /** Gets all bytes of the text. */
  readonly hash?: ReturnType<typeof createHash> | undefined;
}

/**
 * Passes the rows of a file, as they are read, to what `begin` returns for the header; each row is as long as the
 * header. A file cut short in mid-row is an ArtifactError with its line.
 */
export async function eachRow(
  path: string,
  { required, hash }: CsvOptions,
  begin: (header: readonly string[]) => (row: CsvLine) => void,
): Promise<void> {
  let header: readonly string[] | undefined;
  let take: ((row: CsvLine) => void) | undefined;
  try {
    for await (const rows of csvLines(hashed(byteChunks(path), hash))) {
      for (const row of rows) {
        if (take === undefined || header === undefined) {
          header = row.fields;
          checkHeader(path, row, required);
          take = begin(header);
          continue;
        }
        if (row.fields.length !== header.length) throw shortRow(path, row, header);
        take(row);
      }
    }
  } catch (error) {
    if (!(error instanceof CsvProblem)) throw error;
    throw new ArtifactError(`${path}:${error.line}: not CSV: ${error.message}`, { cause: error });
  }
  if (header === undefined)
    throw new ArtifactError(`${path} is empty, expected a header line with ${required.join(", ")}`);
}

/** All rows of a file, by column name. `required` columns must be there. */
export async function readCsv(path: string, required: readonly string[]): Promise<CsvRow[]> {
  const all: CsvRow[] = [];
  await eachRow(path, { required }, (header) => (row) => all.push(namedRow(header, row)));
  return all;
}

/** A row by column name. */
export function namedRow(header: readonly string[], { fields, line }: CsvLine): CsvRow {
  return { ...Object.fromEntries(header.map((name, column) => [name, fields[column]!])), [lineKey]: line };
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: CsvOptions["hash"]): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash?.update(chunk);
    yield chunk;
  }
}

/** ArtifactError where a column is missing or there twice. */
export function checkHeader(path: string, { fields, line }: CsvLine, required: readonly string[]): void {
  const names = new Set(fields);
  const missing = required.filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new ArtifactError(`${path}:${line}: no column ${missing.join(", ")}, got ${fields.join(", ").slice(0, 200)}`);
  }
  if (names.size === fields.length) return;
  const seen = new Set<string>();
  for (const name of fields) {
    if (seen.has(name)) {
      throw new ArtifactError(`${path}:${line}: two columns are called "${name.slice(0, 60)}", expected one of each`);
    }
    seen.add(name);
  }
}

export function shortRow(path: string, { fields, line }: CsvLine, header: readonly string[]): ArtifactError {
  return new ArtifactError(
    `${path}:${line}: got ${fields.length} fields, expected ${header.length} (${header.join(",").slice(0, 200)}); ` +
      "the file may be truncated",
  );
}

/** Checks each row against a schema; empty fields count as absent; errors name file, line and column. */
export function checkRows<S extends z.ZodType>(schema: S, rows: readonly CsvRow[], path: string): z.output<S>[] {
  return rows.map((row) => checkRow(schema, row, path));
}

export function checkRow<S extends z.ZodType>(schema: S, row: CsvRow, path: string): z.output<S> {
  const filled = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ""));
  return check(schema, filled, { source: `${path}:${lineOf(row)}`, Failure: ArtifactError });
}

/** What a field of a row may be; absent values stay empty. */
type Field = string | number | null | undefined;

/**
 * Writes rows under the given columns, whole or not at all, one after another; absent values stay empty. Returns the
 * SHA-256 of the text.
 */
export function writeCsv(
  path: string,
  columns: readonly string[],
  rows: Iterable<Readonly<Record<string, string | number | undefined>>>,
): Promise<string> {
  const inOrder = function* (): Generator<Field[]> {
    for (const row of rows) yield columns.map((name) => row[name]);
  };
  return writeCsvRows(path, columns, inOrder());
}

/** The same with the fields of each row in the order of the columns. */
export async function writeCsvRows(
  path: string,
  columns: readonly string[],
  rows: Iterable<readonly Field[]> | AsyncIterable<readonly Field[]>,
): Promise<string> {
  return await writeLinesAtomic(path, linesOf(columns, rows));
}

/** Rows that are formatted at once. */
const BLOCK = 1000;

async function* linesOf(
  columns: readonly string[],
  rows: Iterable<readonly Field[]> | AsyncIterable<readonly Field[]>,
): AsyncGenerator<string> {
  yield csvLine(columns);
  let block: (string | number | undefined)[][] = [];
  const formatted = async (): Promise<string> => await writeToString(block, { headers: false, rowDelimiter: "\n" });
  for await (const row of rows) {
    block.push(row.map(cellOf));
    if (block.length < BLOCK) continue;
    yield await formatted();
    block = [];
  }
  if (block.length > 0) yield await formatted();
}

function cellOf(value: Field): string | number | undefined {
  return typeof value === "string" ? notRun(value) : (value ?? undefined);
}
