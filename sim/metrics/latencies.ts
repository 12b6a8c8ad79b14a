/**
 * Latencies of a run's finished requests by column: the formulas of request-metrics.ts, in ms, over all rows at once. A
 * row that lacks one of its times is left out.
 */
import type { RequestColumns } from "./request-columns.js";

/** to - from, in the order of the rows; `fromNs` and `toNs` are columns of `columns`. */
export function gapsMs({ rows, ok }: RequestColumns, fromNs: Float64Array, toNs: Float64Array): Float64Array {
  const values = new Float64Array(rows);
  return values.subarray(0, putGaps(values, ok, fromNs, toNs));
}

/** Time per output token after the first, of answers of two tokens or more. */
export function tpotsMs(columns: RequestColumns): Float64Array {
  const values = new Float64Array(columns.rows);
  return values.subarray(0, putTpots(values, columns));
}

// Nothing comes after these loops: V8 compiles a loop while it runs, and would throw that away at code it has not seen run yet.

function putGaps(values: Float64Array, ok: Uint8Array, fromNs: Float64Array, toNs: Float64Array): number {
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    if (ok[row] === 0) continue;
    const gapNs = toNs[row]! - fromNs[row]!;
    if (!Number.isNaN(gapNs)) values[count++] = gapNs / 1e6;
  }
  return count;
}

function putTpots(values: Float64Array, { ok, firstTokenNs, lastTokenNs, outputTokens }: RequestColumns): number {
  let count = 0;
  for (let row = 0; row < values.length; row++) {
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
  const order = Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => arrivalNs[a]! - arrivalNs[b]!);
  const ordered = (values: Float64Array): Float64Array => Float64Array.from(order, (row) => values[row]!);
  return {
    rows,
    arrivalNs: ordered(arrivalNs),
    sentNs: ordered(columns.sentNs),
    scheduledNs: ordered(columns.scheduledNs),
    firstTokenNs: ordered(columns.firstTokenNs),
    lastTokenNs: ordered(columns.lastTokenNs),
    promptTokens: Int32Array.from(order, (row) => columns.promptTokens[row]!),
    outputTokens: Int32Array.from(order, (row) => columns.outputTokens[row]!),
    ok: Uint8Array.from(order, (row) => columns.ok[row]!),
    ...(columns.classOf === undefined ? {} : { classOf: (row: number) => columns.classOf!(order[row]!) }),
    requestId: (row) => columns.requestId(order[row]!),
  };
}
