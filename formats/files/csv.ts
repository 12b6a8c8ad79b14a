/** CSV through fast-csv, with the line named when a row is short, long or holds a bad value. */
import { parseString, writeToString } from "fast-csv";
import type { z } from "zod";
import { ArtifactError } from "../errors.js";
import { check } from "../check.js";
import { readText, writeTextAtomic } from "./atomic.js";

/** Line of a row in its file: blank lines and quoted line breaks count, so it is not the row's index. */
const lineKey = Symbol("line");

export type CsvRow = Readonly<Record<string, string>> & { readonly [lineKey]?: number };

/** Line of a row that `readCsv` returned, from 1; 0 for a row from elsewhere. */
export function lineOf(row: CsvRow): number {
  return row[lineKey] ?? 0;
}

/**
 * Reads a CSV with a header line. `required` columns must be there; every row must have as many fields as the header,
 * so a file cut short in mid-row is refused with its line.
 */
export async function readCsv(path: string, required: readonly string[]): Promise<CsvRow[]> {
  const text = readText(path).replace(/^\uFEFF/, "");
  const rows = await new Promise<{ fields: string[]; line: number }[]>((resolve, reject) => {
    const all: { fields: string[]; line: number }[] = [];
    let line = 1;
    parseString(text, { headers: false, ignoreEmpty: false })
      .on("error", (error: Error) => {
        const said = error.message.replace(/\s+/g, " ").slice(0, 120);
        reject(new ArtifactError(`${path}:${line}: not CSV: ${said}`, { cause: error }));
      })
      .on("data", (raw: string[]) => {
        const fields = raw.map((field) => field.trim());
        if (fields.some((field) => field !== "")) all.push({ fields, line });
        line += 1 + raw.reduce((breaks, field) => breaks + field.split("\n").length - 1, 0);
      })
      .on("end", () => {
        resolve(all);
      });
  });
  const [first, ...body] = rows;
  const header = first?.fields;
  if (header === undefined)
    throw new ArtifactError(`${path} is empty, expected a header line with ${required.join(", ")}`);
  const missing = required.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw new ArtifactError(`${path}:1: no column ${missing.join(", ")}, got ${header.join(", ").slice(0, 200)}`);
  }
  const twice = header.find((name, column) => header.indexOf(name) !== column);
  if (twice !== undefined)
    throw new ArtifactError(`${path}:1: two columns are called "${twice}", expected one of each`);
  return body.map(({ fields, line }) => {
    if (fields.length !== header.length) {
      throw new ArtifactError(
        `${path}:${line}: got ${fields.length} fields, expected ${header.length} (${header.join(",")}); the file may be truncated`,
      );
    }
    return { ...Object.fromEntries(header.map((name, column) => [name, fields[column]!])), [lineKey]: line };
  });
}

/** Checks each row against a schema; empty fields count as absent; errors name file, line and column. */
export function checkRows<S extends z.ZodType>(schema: S, rows: readonly CsvRow[], path: string): z.output<S>[] {
  return rows.map((row) => {
    const filled = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ""));
    return check(schema, filled, { source: `${path}:${lineOf(row)}`, Failure: ArtifactError });
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
