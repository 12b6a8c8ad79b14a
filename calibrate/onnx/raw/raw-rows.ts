/**
 * Files of raw measurements: a CSV row each, appended as it is made, so that it survives whatever comes. A table of columns says how
 * a measurement stands in its file. Times are milliseconds in the file, whole nanoseconds in memory.
 */
import { appendFileSync, existsSync } from "node:fs";
import { z } from "zod";
import { ConfigError } from "../../../formats/index.js";
import { checkRows, readCsv, readText, writeCsv, writeTextAtomic } from "../../../formats/files/index.js";

const number = z.string().pipe(z.coerce.number<string>());
export const real = number;
export const amount = number.pipe(z.number().nonnegative());
export const count = number.pipe(z.int().nonnegative());
export const ms = number.transform((value) => Math.round(value * 1e6));

export const positiveMs = number.pipe(z.number().positive()).transform((value) => Math.round(value * 1e6));

/** What a column holds, by the name of the measurement's field; an optional one may be empty. */
type Column<Row> = readonly [field: keyof Row & string, type: z.ZodType<unknown, string | undefined>];

export interface RawRows<Row> {
  /** Their names. */
  readonly columns: readonly string[];
  /** Writes a file of no rows. */
  readonly start: (path: string) => void;
  /** Adds one row at once. ConfigError when the disk takes no more. */
  readonly append: (path: string, row: Row) => void;
  /** Writes all rows, whole or not at all. */
  readonly write: (path: string, rows: readonly Row[]) => Promise<void>;
  /** ArtifactError names file, line and column of what cannot be. */
  readonly read: (path: string) => Promise<Row[]>;
}

/** `later`: columns that files of earlier releases lack. */
export function rawRows<Row extends object>(
  columns: Readonly<Record<string, Column<Row>>>,
  later: readonly string[] = [],
): RawRows<Row> {
  const names = Object.keys(columns);
  const header = `${names.join(",")}\n`;
  const fileSchema = z.object(Object.fromEntries(names.map((name) => [name, columns[name]![1]])));
  const toFile = (row: Row): Record<string, string | number | undefined> =>
    Object.fromEntries(
      names.map((name) => {
        const value = row[columns[name]![0]] as string | number | undefined;
        return [name, typeof value === "number" && name.endsWith("_ms") ? value / 1e6 : value];
      }),
    );
  return {
    columns: names,
    start: (path) => {
      writeTextAtomic(path, header);
    },
    append: (path, row) => {
      const cells = toFile(row);
      appendLine(path, names.map((name) => cells[name] ?? "").join(","));
    },
    write: async (path, rows) => {
      await writeCsv(path, names, rows.map(toFile));
    },
    read: async (path) => {
      const required = names.filter((name) => !later.includes(name));
      return checkRows(fileSchema, await readCsv(path, required), path).map((row) => {
        const known = Object.entries(row).filter(([, value]) => value !== undefined);
        return Object.fromEntries(known.map(([name, value]) => [columns[name]![0], value])) as Row;
      });
    },
  };
}

function appendLine(rawPath: string, line: string): void {
  try {
    appendFileSync(rawPath, `${line}\n`);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "ENOSPC" ? "the disk is full" : (cause as Error).message;
    throw new ConfigError(
      `cannot add a measurement to ${rawPath}: ${why}; earlier measurements are kept; make room and continue with --resume`,
      { cause },
    );
  }
}

/** Takes a last line that was cut short off the file. True when whole lines are left, the header among them. */
export function dropCutLine(rawPath: string): boolean {
  const text = existsSync(rawPath) ? readText(rawPath) : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== "" && whole !== text) writeTextAtomic(rawPath, whole);
  return whole !== "";
}
