/**
 * The text of CSV: rows from chunks of bytes, as many as there may be, and cells for writing. Cells that a spreadsheet
 * would run as a formula get an apostrophe before them, which is taken off again on reading.
 */
import { StringDecoder } from "node:string_decoder";

export interface CsvLine {
  readonly fields: string[];
  /** Line in the file on which the row begins, from 1. */
  readonly line: number;
}

/** The place and what is wrong there. */
export class CsvProblem extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** Longest row, characters: the times of a million chunks. */
export const MAX_ROW = 1 << 24;

/**
 * Rows in batches, one for each chunk; blank ones are left out, a byte order mark is skipped, fields are trimmed.
 * Fields in quotes may hold commas, doubled quotes and line breaks. CsvProblem where a quote stays open or a row is too
 * long.
 */
export async function* csvLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<CsvLine[]> {
  const decoder = new StringDecoder("utf8");
  let text = "";
  let line = 1;
  let isFirst = true;
  const take = (isEnd: boolean): CsvLine[] => {
    const rows: CsvLine[] = [];
    let at = 0;
    while (at < text.length) {
      const row = rowAt(text, at, line, isEnd);
      if (row === undefined) break;
      if (row.fields.some((field) => field !== "")) rows.push({ fields: row.fields, line });
      at = row.next;
      line += row.lines;
    }
    text = text.slice(at);
    if (text.length > MAX_ROW) throw new CsvProblem(line, `a row of more than ${MAX_ROW} characters`);
    return rows;
  };
  for await (const chunk of chunks) {
    text += decoder.write(chunk);
    if (isFirst && text !== "") {
      if (text.startsWith("\uFEFF")) text = text.slice(1);
      isFirst = false;
    }
    yield take(false);
  }
  text += decoder.end();
  yield take(true);
}

interface Row {
  readonly fields: string[];
  readonly next: number;
  readonly lines: number;
}

/** The row that begins there; undefined where its end is still to come. */
function rowAt(text: string, at: number, line: number, isEnd: boolean): Row | undefined {
  const found = text.indexOf("\n", at);
  if (found === -1 && !isEnd) return undefined;
  const end = found === -1 ? text.length : found;
  const plain = text.slice(at, end);
  if (plain.includes('"')) return quotedRowAt(text, at, line, isEnd);
  const fields = plain.split(",");
  for (let column = 0; column < fields.length; column++) fields[column] = read(fields[column]!);
  return { fields, next: end + 1, lines: 1 };
}

const blank = /[^\S\n]*/y;

function quotedRowAt(text: string, start: number, line: number, isEnd: boolean): Row | undefined {
  const fields: string[] = [];
  let lines = 1;
  let at = start;
  for (;;) {
    const begins = skipBlank(text, at);
    if (text[begins] === '"') {
      const close = closingQuote(text, begins + 1);
      if (close === -1 || (close + 1 === text.length && !isEnd)) {
        if (isEnd) throw new CsvProblem(line, "a quote is not closed");
        return undefined;
      }
      const inside = text.slice(begins + 1, close).replaceAll('""', '"');
      for (let found = inside.indexOf("\n"); found !== -1; found = inside.indexOf("\n", found + 1)) lines++;
      fields.push(read(inside));
      at = skipBlank(text, close + 1);
    } else {
      let end = at;
      while (end < text.length && text[end] !== "," && text[end] !== "\n") end++;
      fields.push(read(text.slice(at, end)));
      at = end;
    }
    if (at >= text.length) return isEnd ? { fields, next: at, lines } : undefined;
    if (text[at] === "\n") return { fields, next: at + 1, lines };
    if (text[at] !== ",") {
      throw new CsvProblem(
        line,
        `expected "," or a new line after a quoted field, got ${shown(text.slice(at, at + 20))}`,
      );
    }
    at++;
  }
}

/** The fields of one line that has quotes; undefined where a quote stays open or text follows one. */
export function quotedFields(text: string): string[] | undefined {
  try {
    const row = quotedRowAt(text, 0, 1, true);
    return row !== undefined && row.next >= text.length ? row.fields : undefined;
  } catch (error) {
    if (error instanceof CsvProblem) return undefined;
    throw error;
  }
}

function skipBlank(text: string, at: number): number {
  blank.lastIndex = at;
  blank.test(text);
  return Math.max(at, blank.lastIndex);
}

/** -1 where there is none. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function shown(text: string): string {
  return JSON.stringify(text.split("\n")[0]);
}

/** What a spreadsheet would run, with any apostrophes before it. */
const formula = /^'*[=+\-@\t\r]/;
/** Numbers and lists of numbers are not formulas. */
const digits = /^[-+]?[\d.][\d.;eE+-]*$/;

function read(raw: string): string {
  const field = raw.trim();
  return field.startsWith("'") && formula.test(field) && !digits.test(field) ? field.slice(1) : field;
}

/** A row as a line of CSV, without its line break. */
export function csvLine(values: readonly (string | number | undefined)[]): string {
  let text = "";
  for (let column = 0; column < values.length; column++) {
    const value = values[column];
    if (column > 0) text += ",";
    if (value !== undefined) text += typeof value === "number" ? String(value) : csvCell(value);
  }
  return text;
}

/** A text cell, quoted where that is needed. */
export function csvCell(text: string): string {
  const safe = notRun(text);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A text, with an apostrophe before it if a spreadsheet would run it. */
export function notRun(text: string): string {
  return formula.test(text) && !digits.test(text) ? `'${text}` : text;
}

/** The text of a cell, without that apostrophe. */
export function cellText(field: string): string {
  return read(field);
}
