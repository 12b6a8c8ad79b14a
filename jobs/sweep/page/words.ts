/** The columns of a sweep's table in words. */
import type { TableValue } from "../table.js";

/** Columns that say which cell a row is, and not what it came to; seeds are repeats of a cell. */
export function isGiven(column: string): boolean {
  return /^(profile|label|load|replicas|policy\..*|load\..*)$/.test(column);
}

/** `max_num_seqs 64`, `8 requests/s`; empty where the cell has no such setting. */
export function inWords(column: string, value: TableValue): string {
  if (value === null) return "";
  if (/^(profile|label|load)$/.test(column)) return String(value);
  if (column === "load.request_rate") return `${value} requests/s`;
  if (column === "replicas") return `${value} replica${value === 1 ? "" : "s"}`;
  return `${column.replace(/^(load|policy)\./, "")} ${value}`;
}

/** `vllm, max_num_seqs 64`: those columns of a row. */
export function rowWords(
  columns: readonly { readonly name: string; readonly at: number }[],
  row: readonly TableValue[],
): string {
  // prettier-ignore
  return columns
    .map(({ name, at }) => inWords(name, row[at] ?? null))
    .filter((text) => text !== "")
    .join(", ");
}

/** Given columns that have more than one value in these rows. */
export function variedColumns(columns: readonly string[], rows: readonly (readonly TableValue[])[]) {
  return columns.flatMap((name, at) => {
    if (!isGiven(name)) return [];
    const values = new Set(rows.map((row) => row[at] ?? null));
    return values.size > 1 ? [{ name, at, values }] : [];
  });
}
