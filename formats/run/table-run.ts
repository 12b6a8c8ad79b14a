/** Runs whose requests are kept by column: records are made one at a time, or all when they are first used. */
import type { RequestTable } from "./request-table.js";
import type { BatchRecord, RequestRecord } from "./records.js";
import type { Run, RunInfo } from "./run.js";

/**
 * A run of a table. `table` is not enumerable: a copy by spreading, whose requests may be others, has the records and
 * no table that contradicts them.
 */
export function tableRun(info: RunInfo, table: RequestTable, batches: readonly BatchRecord[]): Run {
  let records: readonly RequestRecord[] | undefined;
  const run: Run = {
    info,
    batches,
    get requests() {
      return (records ??= recordsOfTable(table));
    },
  };
  return Object.defineProperty(run, "table", { value: table });
}

/** All records of a table. */
export function recordsOfTable(table: RequestTable): RequestRecord[] {
  return Array.from({ length: table.rows }, (_, row) => table.record(row));
}

/** The run with other facts; its requests stay as they are kept. */
export function withInfo(run: Run, info: RunInfo): Run {
  if (run.table === undefined) return { ...run, info };
  return tableRun(info, run.table, run.batches);
}

/** The requests of a run one after another; none of them is kept. */
export function* eachRequest(run: Run): Generator<RequestRecord> {
  const { table } = run;
  if (table === undefined) yield* run.requests;
  else for (let row = 0; row < table.rows; row++) yield table.record(row);
}

export function requestCount(run: Run): number {
  return run.table?.rows ?? run.requests.length;
}
