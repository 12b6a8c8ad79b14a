/** CSV through fast-csv, with the line named when a row is short, long or holds a bad value. */
import { parseString, writeToString } from "fast-csv";
import type { z } from "zod";
import { ArtifactError } from "../errors.js";
import { check } from "../check.js";
import { readText, writeTextAtomic } from "./atomic.js";

export type CsvRow = Readonly<Record<string, string>>;

/**
 * Reads a CSV with a header line. `required` columns must be there; every row must have as many fields as the header,
 * so a file cut short in mid-row is refused with its line.
 */
export async function readCsv(path: string, required: readonly string[]): Promise<CsvRow[]> {
  const text = readText(path).replace(/^\uFEFF/, "");
  const rows = await new Promise<string[][]>((resolve, reject) => {
    const all: string[][] = [];
    parseString(text, { headers: false, ignoreEmpty: true, trim: true })
      .on("error", (error: Error) => {
        reject(new ArtifactError(`${path}:${all.length + 1}: not CSV: ${error.message}`, { cause: error }));
      })
      .on("data", (row: string[]) => all.push(row))
      .on("end", () => {
        resolve(all);
      });
  });
  const [header, ...body] = rows;
  if (header === undefined)
    throw new ArtifactError(`${path} is empty, expected a header line with ${required.join(", ")}`);
  const missing = required.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw new ArtifactError(`${path}:1: no column ${missing.join(", ")}, got ${header.join(", ")}`);
  }
  return body.map((fields, index) => {
    if (fields.length !== header.length) {
      throw new ArtifactError(
        `${path}:${index + 2}: got ${fields.length} fields, expected ${header.length} (${header.join(",")}); the file may be truncated`,
      );
    }
    return Object.fromEntries(header.map((name, column) => [name, fields[column]!]));
  });
}

/** Checks each row against a schema; empty fields count as absent; errors name file, line and column. */
export function checkRows<S extends z.ZodType>(schema: S, rows: readonly CsvRow[], path: string): z.output<S>[] {
  return rows.map((row, index) => {
    const filled = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ""));
    return check(schema, filled, { source: `${path}:${index + 2}`, Failure: ArtifactError });
  });
}

/** Writes rows under the given columns, whole or not at all; absent values stay empty. */
export async function writeCsv(
  path: string,
  columns: readonly string[],
  rows: readonly Readonly<Record<string, string | number | undefined>>[],
): Promise<void> {
  const cells = rows.map((row) => columns.map((name) => row[name] ?? ""));
  writeTextAtomic(path, `${await writeToString([[...columns], ...cells])}\n`);
}
