/**
 * The requests of a run by column, so that ten million of them need no object each. Row i is request i; times are ns from
 * the start of the run, NaN where the run does not know.
 */
import { requestStatuses, type RequestRecord } from "./records.js";

export interface RequestColumns {
  readonly rows: number;
  readonly arrivalNs: Float64Array;
  readonly sentNs: Float64Array;
  readonly scheduledNs: Float64Array;
  readonly firstTokenNs: Float64Array;
  readonly lastTokenNs: Float64Array;
  readonly promptTokens: Int32Array;
  readonly outputTokens: Int32Array;
  /** 1: finished; 0: rejected or lost to an error. */
  readonly ok: Uint8Array;
  /** Absent: requests have no classes. */
  readonly classOf?: (row: number) => string | undefined;
  /** For messages. */
  readonly requestId: (row: number) => string;
}

/** Columns that records can be made of, one at a time. */
export interface RequestTable extends RequestColumns {
  record(row: number): RequestRecord;
}

/** Some of a table's rows, in the order given. */
export function selectRows(table: RequestTable, rows: Uint32Array): RequestTable {
  return { ...selectColumns(table, rows), record: (row) => table.record(rows[row]!) };
}

/** The same of columns alone. */
export function selectColumns(columns: RequestColumns, rows: Uint32Array): RequestColumns {
  const times = (column: Float64Array): Float64Array => put(new Float64Array(rows.length), column, rows);
  const counts = (column: Int32Array): Int32Array => put(new Int32Array(rows.length), column, rows);
  return {
    rows: rows.length,
    arrivalNs: times(columns.arrivalNs),
    sentNs: times(columns.sentNs),
    scheduledNs: times(columns.scheduledNs),
    firstTokenNs: times(columns.firstTokenNs),
    lastTokenNs: times(columns.lastTokenNs),
    promptTokens: counts(columns.promptTokens),
    outputTokens: counts(columns.outputTokens),
    ok: put(new Uint8Array(rows.length), columns.ok, rows),
    ...(columns.classOf === undefined ? {} : { classOf: (row: number) => columns.classOf!(rows[row]!) }),
    requestId: (row) => columns.requestId(rows[row]!),
  };
}

function put<Column extends Float64Array | Int32Array | Uint8Array>(
  to: Column,
  from: Column,
  rows: Uint32Array,
): Column {
  for (let at = 0; at < rows.length; at++) to[at] = from[rows[at]!]!;
  return to;
}

/** The rows, of so many, that are wanted. */
export function rowsWhere(count: number, isWanted: (row: number) => boolean): Uint32Array {
  const rows = new Uint32Array(count);
  let found = 0;
  for (let row = 0; row < count; row++) if (isWanted(row)) rows[found++] = row;
  return rows.subarray(0, found);
}

/** The rows of those that were sent. */
export function rowsSent({ rows, sentNs }: Pick<RequestTable, "rows" | "sentNs">): Uint32Array {
  return rowsWhere(rows, (row) => !Number.isNaN(sentNs[row]!));
}

/** Numbers of 0 and above, or nothing, by row; -1 stands for nothing. */
const NONE = -1;
const FIRST_CAPACITY = 1024;

/** A table that grows by records; what most rows do not have (ids of their own, errors, further columns) is kept apart. */
export class GrowingTable {
  private rows = 0;
  private times = timeColumns(FIRST_CAPACITY);
  private counts = countColumns(FIRST_CAPACITY);
  private status = new Uint8Array(FIRST_CAPACITY);
  /** Empty where it is the row's number. */
  private readonly ids: string[] = [];
  private readonly errors = new Map<number, string>();
  private readonly extras: (Readonly<Record<string, string>> | undefined)[] = [];

  add(record: RequestRecord): void {
    const row = this.rows++;
    if (row === this.status.length) this.grow();
    const { times, counts } = this;
    times.arrivalNs[row] = record.arrivalNs;
    times.sentNs[row] = record.sentNs ?? NaN;
    times.scheduledNs[row] = record.scheduledNs ?? NaN;
    times.firstTokenNs[row] = record.firstTokenNs ?? NaN;
    times.lastTokenNs[row] = record.lastTokenNs ?? NaN;
    counts.promptTokens[row] = record.promptTokens;
    counts.outputTokens[row] = record.outputTokens;
    counts.cachedTokens[row] = record.cachedTokens ?? NONE;
    counts.batchId[row] = record.batchId ?? NONE;
    counts.batchSize[row] = record.batchSize ?? NONE;
    counts.preemptions[row] = record.preemptions ?? NONE;
    this.status[row] = requestStatuses.indexOf(record.status);
    this.ids.push(record.requestId === String(row) ? "" : record.requestId);
    if (record.error !== undefined) this.errors.set(row, record.error);
    if (record.extra !== undefined) this.extras[row] = record.extra;
  }

  /** What was added so far; to be asked once, at the end. */
  finished(): RequestTable {
    const { rows, counts } = this;
    const cut = <T extends Record<string, Float64Array | Int32Array>>(columns: T): T =>
      Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.subarray(0, rows)])) as T;
    const ok = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) ok[row] = this.status[row] === 0 ? 1 : 0;
    return {
      rows,
      ...cut(this.times),
      promptTokens: counts.promptTokens.subarray(0, rows),
      outputTokens: counts.outputTokens.subarray(0, rows),
      ok,
      ...(this.extras.some((extra) => extra?.class !== undefined)
        ? { classOf: (row: number) => this.extras[row]?.class }
        : {}),
      requestId: (row) => this.idOf(row),
      record: (row) => this.recordAt(row),
    };
  }

  private idOf(row: number): string {
    const id = this.ids[row]!;
    return id === "" ? String(row) : id;
  }

  private recordAt(row: number): RequestRecord {
    const { times, counts } = this;
    const record: { -readonly [Key in keyof RequestRecord]: RequestRecord[Key] } = {
      requestId: this.idOf(row),
      arrivalNs: times.arrivalNs[row]!,
      promptTokens: counts.promptTokens[row]!,
      outputTokens: counts.outputTokens[row]!,
      status: requestStatuses[this.status[row]!]!,
    };
    for (const name of timeNames) {
      const ns = times[name][row]!;
      if (!Number.isNaN(ns)) record[name] = ns;
    }
    for (const name of countNames) {
      const count = counts[name][row]!;
      if (count !== NONE) record[name] = count;
    }
    const error = this.errors.get(row);
    if (error !== undefined) record.error = error;
    const extra = this.extras[row];
    if (extra !== undefined) record.extra = extra;
    return record;
  }

  private grow(): void {
    const capacity = 2 * this.rows;
    const grown = <T extends Record<string, Float64Array | Int32Array>>(from: T, to: T): T => {
      for (const [name, column] of Object.entries(to)) column.set(from[name]!);
      return to;
    };
    this.times = grown(this.times, timeColumns(capacity));
    this.counts = grown(this.counts, countColumns(capacity));
    const status = new Uint8Array(capacity);
    status.set(this.status);
    this.status = status;
  }
}

const timeNames = ["arrivalNs", "sentNs", "scheduledNs", "firstTokenNs", "lastTokenNs"] as const;
const countNames = ["promptTokens", "outputTokens", "cachedTokens", "batchId", "batchSize", "preemptions"] as const;

function timeColumns(rows: number): Record<(typeof timeNames)[number], Float64Array> {
  return columnsBy(timeNames, () => new Float64Array(rows));
}

/** Of batches, whose numbers may be larger, by floats. */
function countColumns(rows: number) {
  const columns = columnsBy(countNames, () => new Int32Array(rows));
  return { ...columns, batchId: new Float64Array(rows) };
}

function columnsBy<Name extends string, Column>(names: readonly Name[], make: () => Column): Record<Name, Column> {
  return Object.fromEntries(names.map((name) => [name, make()])) as Record<Name, Column>;
}
