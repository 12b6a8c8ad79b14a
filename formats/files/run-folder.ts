/**
 * Run folders on disk: requests.csv[.gz] + run.json, and batches.csv for batch policies. Reads what servesim wrote and
 * recordings of the same form: unknown columns are kept, absent ones stay absent.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { check } from "../check.js";
import { ArtifactError, ConfigError } from "../errors.js";
import { requestStatuses, runSchema, type BatchRecord, type RequestRecord, type Run } from "../run.js";
import { readJson, writeJson } from "./atomic.js";
import { checkRows, readCsv, writeCsv, type CsvRow } from "./csv.js";
import { readCutRun, removeRunLog } from "./run-log.js";

const requestColumns = [
  "request_id",
  "arrival_ms",
  "sent_ms",
  "scheduled_ms",
  "first_token_ms",
  "last_token_ms",
  "prompt_tokens",
  "cached_tokens",
  "output_tokens",
  "batch_id",
  "batch_size",
  "preemptions",
  "status",
  "error",
] as const;

const batchColumns = [
  "batch_id",
  "start_ms",
  "first_token_ms",
  "end_ms",
  "batch_size",
  "limit",
  "prompt_tokens",
  "output_tokens",
  "peak_bytes",
  "reason",
] as const;

const timeNs = z
  .string()
  .pipe(z.coerce.number<string>())
  .transform((ms) => Math.round(ms * 1e6));
const count = z.string().pipe(z.coerce.number<string>()).pipe(z.int().nonnegative());

const requestRow = z
  .looseObject({
    request_id: z.string(),
    arrival_ms: timeNs,
    sent_ms: timeNs.optional(),
    scheduled_ms: timeNs.optional(),
    first_token_ms: timeNs.optional(),
    last_token_ms: timeNs.optional(),
    prompt_tokens: count,
    cached_tokens: count.optional(),
    output_tokens: count,
    batch_id: count.optional(),
    batch_size: count.optional(),
    preemptions: count.optional(),
    status: z.enum(requestStatuses),
    error: z.string().optional(),
  })
  .refine(
    ({ first_token_ms: firstNs, last_token_ms: lastNs }) =>
      !(firstNs !== undefined && lastNs !== undefined) || firstNs <= lastNs,
    { path: ["last_token_ms"], message: "expected a time at or after first_token_ms" },
  )
  .transform((row): RequestRecord => {
    const extra = Object.entries(row).filter(([name]) => !(requestColumns as readonly string[]).includes(name));
    return dropAbsent({
      requestId: row.request_id,
      arrivalNs: row.arrival_ms,
      sentNs: row.sent_ms,
      scheduledNs: row.scheduled_ms,
      firstTokenNs: row.first_token_ms,
      lastTokenNs: row.last_token_ms,
      promptTokens: row.prompt_tokens,
      cachedTokens: row.cached_tokens,
      outputTokens: row.output_tokens,
      batchId: row.batch_id,
      batchSize: row.batch_size,
      preemptions: row.preemptions,
      status: row.status,
      error: row.error,
      extra: extra.length > 0 ? (Object.fromEntries(extra) as Record<string, string>) : undefined,
    });
  });

const batchRow = z
  .looseObject({
    batch_id: count,
    start_ms: timeNs,
    first_token_ms: timeNs,
    end_ms: timeNs,
    batch_size: count,
    limit: count,
    prompt_tokens: count,
    output_tokens: count,
    peak_bytes: count.optional(),
    reason: z.string().optional(),
  })
  .transform((row): BatchRecord =>
    dropAbsent({
      batchId: row.batch_id,
      startNs: row.start_ms,
      firstTokenNs: row.first_token_ms,
      endNs: row.end_ms,
      size: row.batch_size,
      limit: row.limit,
      promptTokens: row.prompt_tokens,
      outputTokens: row.output_tokens,
      peakBytes: row.peak_bytes,
      reason: row.reason,
    }),
  );

/** Reads a run folder, also of a run that was cut; every problem names the file and line. */
export async function readRun(folder: string): Promise<Run> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new ArtifactError(`${folder} is not a folder, expected a run folder with run.json and requests.csv`);
  }
  const info = check(runSchema, readJson(join(folder, "run.json")), {
    source: join(folder, "run.json"),
    Failure: ArtifactError,
  });
  if (info.cut === true) return readCutRun(folder, info);
  const requestsPath = existing(folder, "requests.csv");
  if (requestsPath === undefined) throw new ArtifactError(`${folder} has no requests.csv or requests.csv.gz`);
  const required = ["request_id", "arrival_ms", "prompt_tokens", "output_tokens", "status"];
  const requests = checkRows(requestRow, await readCsv(requestsPath, required), requestsPath);
  if (requests.length !== info.requests) {
    throw new ArtifactError(
      `${requestsPath} holds ${requests.length} requests, run.json says ${info.requests}; the file may be truncated`,
    );
  }
  const batchesPath = existing(folder, "batches.csv");
  const batches: CsvRow[] = batchesPath === undefined ? [] : await readCsv(batchesPath, batchColumns.slice(0, 8));
  return { info, requests, batches: checkRows(batchRow, batches, batchesPath ?? "") };
}

/** ConfigError where a folder holds a run and `force` is not given; to be asked before long work, too. */
export function refuseToReplace(folder: string, options: { readonly force?: boolean }): void {
  if (existsSync(join(folder, "run.json")) && options.force !== true) {
    throw new ConfigError(`${folder} already holds a run; choose another --output, or pass --force to replace it`);
  }
}

/** Writes a run folder; run.json goes first and comes last, so a folder that has it is whole and of one run. */
export async function writeRun(folder: string, run: Run, options: { readonly force?: boolean } = {}): Promise<void> {
  refuseToReplace(folder, options);
  if (!isCut(folder)) removeRun(folder);
  const known = new Set<string>(requestColumns);
  const extras = [...new Set(run.requests.flatMap((request) => Object.keys(request.extra ?? {})))].filter(
    (c) => !known.has(c),
  );
  await writeCsv(join(folder, "requests.csv"), [...requestColumns, ...extras], run.requests.map(requestToRow));
  if (run.batches.length > 0) await writeCsv(join(folder, "batches.csv"), batchColumns, run.batches.map(batchToRow));
  writeJson(join(folder, "run.json"), run.info);
  removeRunLog(folder);
}

/** A run that goes on or was cut stays readable until the whole one has its run.json, which replaces the other at once. */
function isCut(folder: string): boolean {
  const path = join(folder, "run.json");
  try {
    return existsSync(path) && runSchema.safeParse(readJson(path)).data?.cut === true;
  } catch {
    // No JSON: whatever it was, it cannot be read as a run.
    return false;
  }
}

/** The files of an earlier run; a batches.csv left behind would be read with the new one. */
function removeRun(folder: string): void {
  if (!existsSync(join(folder, "run.json"))) return;
  for (const name of ["run.json", "requests.csv.gz", "batches.csv", "batches.csv.gz"]) {
    rmSync(join(folder, name), { force: true });
  }
}

function requestToRow(request: RequestRecord): Record<string, string | number | undefined> {
  return {
    ...request.extra,
    request_id: request.requestId,
    arrival_ms: ms(request.arrivalNs),
    sent_ms: ms(request.sentNs),
    scheduled_ms: ms(request.scheduledNs),
    first_token_ms: ms(request.firstTokenNs),
    last_token_ms: ms(request.lastTokenNs),
    prompt_tokens: request.promptTokens,
    cached_tokens: request.cachedTokens,
    output_tokens: request.outputTokens,
    batch_id: request.batchId,
    batch_size: request.batchSize,
    preemptions: request.preemptions,
    status: request.status,
    error: request.error,
  };
}

function batchToRow(batch: BatchRecord): Record<string, string | number | undefined> {
  return {
    batch_id: batch.batchId,
    start_ms: ms(batch.startNs),
    first_token_ms: ms(batch.firstTokenNs),
    end_ms: ms(batch.endNs),
    batch_size: batch.size,
    limit: batch.limit,
    prompt_tokens: batch.promptTokens,
    output_tokens: batch.outputTokens,
    peak_bytes: batch.peakBytes,
    reason: batch.reason,
  };
}

/** Nanoseconds as milliseconds; exact to the nanosecond when read back, for the first 26 days (2^51 ns) of a run. */
function ms(ns: number | undefined): number | undefined {
  return ns === undefined ? undefined : ns / 1e6;
}

function existing(folder: string, name: string): string | undefined {
  return [name, `${name}.gz`].map((file) => join(folder, file)).find((path) => existsSync(path));
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function dropAbsent<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<T>;
}
