/**
 * What commands print: tables and JSON to stdout, notes to stderr. Texts may be those of a server or a file (names, errors,
 * headers), so each is made printable here, whoever passes it on.
 */
import Table from "cli-table3";
import pc from "picocolors";
import { printable, printableJson } from "../../formats/index.js";

export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

/** Text, or text over several columns. */
export type TableCell = string | { readonly colSpan: number; readonly content: string };

export function printTable(columns: readonly string[], rows: readonly (readonly TableCell[])[]): void {
  const table = new Table({ head: columns.map((name) => pc.bold(name)), style: { head: [], border: [] } });
  for (const row of rows) table.push(row.map(printableCell));
  process.stdout.write(`${table.toString()}\n`);
}

function printableCell(cell: TableCell): TableCell {
  return typeof cell === "string" ? printable(cell) : { ...cell, content: printable(cell.content) };
}

export function print(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** Progress and remarks, never part of the result. */
export function note(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

export function warn(line: string): void {
  process.stderr.write(`${pc.yellow("warning:")} ${printable(line)}\n`);
}

/** A number with this many significant digits, no exponent; "-" when it is not known. */
export function figure(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return "-";
  if (value === 0) return "0";
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

/** A count: whole, or the mean of several runs. */
export function countFigure(value: number | null | undefined): string {
  return Number.isInteger(value) ? String(value) : figure(value);
}
