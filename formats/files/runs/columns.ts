/**
 * The columns of requests.csv, batches.csv and steps.csv: the field of the record that each one holds, and in which form. The
 * same fields are in the lines of finished.jsonl (run-log.ts), times there in ns. Rows may have further columns.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { defined } from "../../defined.js";
import { LATEST_MS } from "../../load/index.js";
import { requestStatuses } from "../../run/index.js";

/** `ms`, `us`: a time since the run's start. `small`: a count that a column of a table holds. */
type Form = "text" | "status" | "count" | "small" | "ms" | "us";
/** `?`: it may be absent. `absent`: what an absent or empty cell stands for. */
type Column = readonly [field: string, form: Form | `${Form}?`, absent?: string | number];
export type Columns = Readonly<Record<string, Column>>;

export const requestColumns = {
  request_id: ["requestId", "text"],
  arrival_ms: ["arrivalNs", "ms"],
  sent_ms: ["sentNs", "ms?"],
  scheduled_ms: ["scheduledNs", "ms?"],
  first_token_ms: ["firstTokenNs", "ms?"],
  last_token_ms: ["lastTokenNs", "ms?"],
  prompt_tokens: ["promptTokens", "small"],
  cached_tokens: ["cachedTokens", "small?"],
  output_tokens: ["outputTokens", "small"],
  batch_id: ["batchId", "count?"],
  batch_size: ["batchSize", "small?"],
  preemptions: ["preemptions", "small?"],
  status: ["status", "status"],
  error: ["error", "text?"],
} as const satisfies Columns;

export const batchColumns = {
  batch_id: ["batchId", "count"],
  start_ms: ["startNs", "ms"],
  first_token_ms: ["firstTokenNs", "ms"],
  end_ms: ["endNs", "ms"],
  batch_size: ["size", "count"],
  limit: ["limit", "count"],
  prompt_tokens: ["promptTokens", "count"],
  output_tokens: ["outputTokens", "count"],
  peak_bytes: ["peakBytes", "count?"],
  reason: ["reason", "text?"],
} as const satisfies Columns;

/** Of a vLLM server's recorded steps. */
export const engineStepColumns = {
  step: ["step", "count"],
  schedule_start_us: ["scheduleStartNs", "us"],
  schedule_end_us: ["scheduleEndNs", "us"],
  update_start_us: ["updateStartNs", "us?"],
  update_end_us: ["updateEndNs", "us?"],
  scheduled_requests: ["scheduledRequests", "count"],
  scheduled_tokens: ["scheduledTokens", "count"],
  decode_requests: ["decodeRequests", "count"],
  prefill_requests: ["prefillRequests", "count"],
  prefill_tokens: ["prefillTokens", "count"],
  context_tokens: ["contextTokens", "count"],
  decode_context_tokens: ["decodeContextTokens", "count"],
  prefill_attention_pairs: ["prefillAttentionPairs", "count"],
  sampling_requests: ["samplingRequests", "count"],
  preempted: ["preempted", "count", 0],
} as const satisfies Columns;

/** Of servesim's own steps; the last ones are of the worker that computed the step. */
export const stepColumns = {
  ...engineStepColumns,
  running: ["running", "count"],
  waiting: ["waiting", "count"],
  waiting_before: ["waitingBefore", "count"],
  free_blocks: ["freeBlocks", "count"],
  prefill_chunks: ["prefillChunks", "text", ""],
  preempted_ids: ["preemptedIds", "text", ""],
  compute_start_us: ["computeStartNs", "us?"],
  compute_end_us: ["computeEndNs", "us?"],
  runtime_us: ["runtimeNs", "us?"],
  slot_copies: ["slotCopies", "count?"],
} as const satisfies Columns;

const number = z.string().pipe(z.coerce.number<string>());
const count = number.pipe(z.int().nonnegative());
const cells: Readonly<Record<Form, z.ZodType>> = {
  text: z.string(),
  status: z.enum(requestStatuses),
  count,
  small: count.pipe(z.int().max(2 ** 31 - 1)),
  ms: number
    .refine((ms) => Math.abs(ms) <= LATEST_MS, {
      message: `expected a time since the run's start, at most ${LATEST_MS} ms (104 days)`,
    })
    .transform((ms) => Math.round(ms * 1e6)),
  us: number.pipe(z.number().nonnegative()).transform((us) => Math.round(us * 1e3)),
};

/** A row of CSV. */
export function rowSchema(columns: Columns) {
  return z.looseObject(shapeOf(Object.entries(columns), cells));
}

/** The record in a row that the schema has checked. */
export function recordOf(columns: Columns, row: Readonly<Record<string, unknown>>): unknown {
  const fields = Object.entries(columns).map(([name, [field]]) => [field, row[name]] as const);
  return defined(Object.fromEntries(fields));
}

const fields: Readonly<Record<Form, z.ZodType>> = {
  text: z.string(),
  status: z.enum(requestStatuses),
  count: z.int().nonnegative(),
  small: z.int().nonnegative(),
  ms: z.number(),
  us: z.number(),
};

/** The fields of a record, as a line of finished.jsonl has them. */
export function recordShape(columns: Columns): z.ZodRawShape {
  return shapeOf(
    Object.values(columns).map(([field, form]) => [field, [field, form]] as const),
    fields,
  );
}

function shapeOf(
  columns: readonly (readonly [name: string, column: Column])[],
  forms: Readonly<Record<Form, z.ZodType>>,
): Record<string, z.ZodType> {
  const types = columns.map(([name, [, form, absent]]) => {
    const type = forms[form.replace("?", "") as Form];
    if (absent !== undefined) return [name, type.default(absent)] as const;
    return [name, form.endsWith("?") ? type.optional() : type] as const;
  });
  return Object.fromEntries(types);
}

/** Names of the columns that a file must have. */
export function required(columns: Columns): string[] {
  return Object.entries(columns).flatMap(([name, [, form, absent]]) =>
    form.endsWith("?") || absent !== undefined ? [] : [name],
  );
}

/** The cells of a record. Milliseconds are exact to the nanosecond for the first 26 days (2^51 ns) of a run. */
export function rowOf(columns: Columns, record: object): Record<string, string | number | undefined> {
  const values = record as Readonly<Record<string, string | number | undefined>>;
  const cell = ([field, form]: Column): string | number | undefined => {
    const value = values[field];
    if (typeof value !== "number") return value;
    if (form.startsWith("ms")) return value / 1e6;
    return form.startsWith("us") ? Math.round(value / 1e3) : value;
  };
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, cell(column)]));
}

/** The path of a file of a run folder, packed or not; undefined where there is neither. */
export function existing(folder: string, name: string): string | undefined {
  return [name, `${name}.gz`].map((file) => join(folder, file)).find((path) => existsSync(path));
}
