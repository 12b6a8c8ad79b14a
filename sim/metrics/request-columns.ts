/** The request log of a run by column, so that a million requests need no object each. Row i is request i. */
import type { RequestColumns, RequestRecord, Run } from "../../formats/index.js";

export type { RequestColumns };

/** The columns of records, in their order. */
export function columnsOf(records: readonly RequestRecord[]): RequestColumns {
  return { ...filledColumns(records.length, records), requestId: (row) => records[row]!.requestId };
}

/** The columns of the given number of records, none of which is kept. */
export function filledColumns(rows: number, records: Iterable<RequestRecord>): Omit<RequestColumns, "requestId"> {
  const columns = {
    arrivalNs: new Float64Array(rows),
    sentNs: new Float64Array(rows),
    scheduledNs: new Float64Array(rows),
    firstTokenNs: new Float64Array(rows),
    lastTokenNs: new Float64Array(rows),
    promptTokens: new Int32Array(rows),
    outputTokens: new Int32Array(rows),
    ok: new Uint8Array(rows),
  };
  let row = 0;
  for (const record of records) {
    columns.arrivalNs[row] = record.arrivalNs;
    columns.sentNs[row] = record.sentNs ?? NaN;
    columns.scheduledNs[row] = record.scheduledNs ?? NaN;
    columns.firstTokenNs[row] = record.firstTokenNs ?? NaN;
    columns.lastTokenNs[row] = record.lastTokenNs ?? NaN;
    columns.promptTokens[row] = record.promptTokens;
    columns.outputTokens[row] = record.outputTokens;
    columns.ok[row] = record.status === "ok" ? 1 : 0;
    row++;
  }
  return { rows, ...columns };
}

/** The columns of a run's requests, as it keeps them or made of its records. */
export function columnsIn(run: Run): RequestColumns {
  return run.table ?? columnsOf(run.requests);
}
