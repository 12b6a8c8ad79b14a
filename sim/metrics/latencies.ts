/**
 * Latencies of a run's finished requests by column: the formulas of request-metrics.ts, in ms, over all rows at once. A
 * row that lacks one of its times is left out.
 */
import { rowsWhere, selectColumns } from "../../formats/index.js";
import type { RequestColumns } from "./request-columns.js";

/** to - from, in the order of the rows, put into `room` for as many; `fromNs` and `toNs` are columns of `columns`. */
export function gapsMs(
  { ok }: RequestColumns,
  fromNs: Float64Array,
  toNs: Float64Array,
  room: Float64Array,
): Float64Array {
  return room.subarray(0, putGaps(room, ok, fromNs, toNs));
}

/** Time per output token after the first, of answers of two tokens or more, in `room` as well. */
export function tpotsMs(columns: RequestColumns, room: Float64Array): Float64Array {
  return room.subarray(0, putTpots(room, columns));
}

// Nothing comes after these loops: V8 compiles a loop while it runs, and would throw that away at code it has not seen run yet.

function putGaps(values: Float64Array, ok: Uint8Array, fromNs: Float64Array, toNs: Float64Array): number {
  let count = 0;
  for (let row = 0; row < ok.length; row++) {
    if (ok[row] === 0) continue;
    const gapNs = toNs[row]! - fromNs[row]!;
    if (!Number.isNaN(gapNs)) values[count++] = gapNs / 1e6;
  }
  return count;
}

function putTpots(values: Float64Array, { ok, firstTokenNs, lastTokenNs, outputTokens }: RequestColumns): number {
  let count = 0;
  for (let row = 0; row < ok.length; row++) {
    if (ok[row] === 0 || outputTokens[row]! <= 1) continue;
    const decodeNs = lastTokenNs[row]! - firstTokenNs[row]!;
    if (!Number.isNaN(decodeNs)) values[count++] = decodeNs / 1e6 / (outputTokens[row]! - 1);
  }
  return count;
}

/** The rows in order of arrival, for what depends on it; mostly they are, and nothing is copied. */
export function inOrderOfArrival(columns: RequestColumns): RequestColumns {
  const { rows, arrivalNs } = columns;
  let isOrdered = true;
  for (let row = 1; row < rows && isOrdered; row++) isOrdered = !(arrivalNs[row]! < arrivalNs[row - 1]!);
  if (isOrdered) return columns;
  const order = rowsWhere(rows, () => true).sort((a, b) => arrivalNs[a]! - arrivalNs[b]!);
  return selectColumns(columns, order);
}
