/**
 * Run folders on disk: requests.csv[.gz] + run.json, batches.csv for batch policies, steps.csv.gz of real steps. Reads
 * what servesim wrote and recordings of the same form: unknown columns are kept, absent ones stay absent.
 */
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { check } from "../check.js";
import { ArtifactError, ConfigError } from "../errors.js";
import { GrowingTable, type RequestTable } from "../request-table.js";
import { requestStatuses, runSchema, type BatchRecord, type RequestRecord, type Run } from "../run.js";
import { eachRequest, tableRun } from "../table-run.js";
import { LATEST_MS } from "../workload.js";
import { readJson, writeJson, writeLinesAtomic } from "./atomic.js";
import { checkRow, eachRow, namedRow, writeCsv } from "./csv.js";
import { csvLine } from "./csv-text.js";
import { plainRequests } from "./plain-requests.js";
import { hasRunLog, readCutRun, removeRunLog } from "./run-log.js";
import { writeSteps } from "./steps-file.js";
import { finishAbandoned, heldNames, writeWholeFolder, type FolderForm } from "./whole-folder.js";

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
  .refine((ms) => Math.abs(ms) <= LATEST_MS, {
    message: `expected a time since the run's start, at most ${LATEST_MS} ms (104 days)`,
  })
  .transform((ms) => Math.round(ms * 1e6));
const count = z.string().pipe(z.coerce.number<string>()).pipe(z.int().nonnegative());
/** Columns of a table hold whole numbers up to here. */
const smallCount = count.pipe(z.int().max(2 ** 31 - 1));

const requestRow = z
  .looseObject({
    request_id: z.string(),
    arrival_ms: timeNs,
    sent_ms: timeNs.optional(),
    scheduled_ms: timeNs.optional(),
    first_token_ms: timeNs.optional(),
    last_token_ms: timeNs.optional(),
    prompt_tokens: smallCount,
    cached_tokens: smallCount.optional(),
    output_tokens: smallCount,
    batch_id: count.optional(),
    batch_size: smallCount.optional(),
    preemptions: smallCount.optional(),
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

/** All files of a run: its own, the steps of an engine and a server's view of it. */
const runFolder: FolderForm = {
  names: [
    ...["run.json", "requests.csv", "requests.csv.gz", "batches.csv", "batches.csv.gz"],
    ...["steps.csv", "steps.csv.gz", "server.json", "server-samples.csv"],
  ],
  key: "run.json",
};

/**
 * Reads a run folder, also of a run that was cut; every problem names the file and line. Records are made when they are
 * asked for.
 */
export async function readRun(folder: string): Promise<Run> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new ArtifactError(`${folder} is not a folder, expected a run folder with run.json and requests.csv`);
  }
  // A process may have been killed while it moved a finished run into place.
  finishAbandoned(folder, runFolder);
  const infoPath = join(folder, "run.json");
  const stored = check(runSchema, readJson(infoPath), { source: infoPath, Failure: ArtifactError });
  if (stored.cut === true) return readCutRun(folder, stored);
  const { requests_sha256: requestsHash, batches_sha256: batchesHash, ...info } = stored;
  const requestsPath = existing(folder, "requests.csv");
  if (requestsPath === undefined) throw new ArtifactError(`${folder} has no requests.csv or requests.csv.gz`);
  const { table, sha256 } = await readRequests(requestsPath);
  if (table.rows !== info.requests) {
    throw new ArtifactError(
      `${requestsPath} holds ${table.rows} requests, run.json says ${info.requests}; the file may be truncated`,
    );
  }
  requireHash(requestsPath, sha256, requestsHash);
  const batchesPath = existing(folder, "batches.csv");
  if (batchesPath === undefined) {
    if (batchesHash !== undefined)
      throw new ArtifactError(`${folder} has no batches.csv, although run.json says that there is one`);
    return tableRun(info, table, []);
  }
  if (requestsHash !== undefined && batchesHash === undefined) {
    throw new ArtifactError(`${batchesPath} does not belong to this run, whose run.json has no batches; move it away`);
  }
  const batches = await readBatches(batchesPath);
  requireHash(batchesPath, batches.sha256, batchesHash);
  return tableRun(info, table, batches.records);
}

/** Whether a folder holds a run that goes on or was cut: it has no requests.csv. */
export function holdsCutRun(folder: string): boolean {
  return existing(folder, "requests.csv") === undefined && hasRunLog(folder);
}

async function readRequests(path: string): Promise<{ readonly table: RequestTable; readonly sha256: string }> {
  const required = ["request_id", "arrival_ms", "prompt_tokens", "output_tokens", "status"];
  const hash = createHash("sha256");
  const table = new GrowingTable();
  await eachRow(path, { required, hash }, (header) => {
    const plain = plainRequests(header);
    return (row) => {
      table.add(plain(row.fields) ?? checkRow(requestRow, namedRow(header, row), path));
    };
  });
  return { table: table.finished(), sha256: hash.digest("hex") };
}

async function readBatches(path: string): Promise<{ readonly records: BatchRecord[]; readonly sha256: string }> {
  const hash = createHash("sha256");
  const records: BatchRecord[] = [];
  await eachRow(path, { required: batchColumns.slice(0, 8), hash }, (header) => (row) => {
    records.push(checkRow(batchRow, namedRow(header, row), path));
  });
  return { records, sha256: hash.digest("hex") };
}

function requireHash(path: string, got: string, expected: string | undefined): void {
  if (expected === undefined || got === expected) return;
  const name = basename(path).replace(/\.gz$/, "").replace(".csv", "_sha256");
  throw new ArtifactError(
    `${path} is not what was written: got SHA-256 ${got.slice(0, 16)}..., run.json says ${expected.slice(0, 16)}...; restore the ` +
      `file, or take ${name} out of run.json to use it as it is`,
  );
}

/**
 * ConfigError where a folder holds a run, or files that would be replaced, and `force` is not given; also to be called
 * before long work.
 */
export function requireReplaceable(folder: string, options: { readonly force?: boolean }): void {
  finishAbandoned(folder, runFolder);
  const held = heldNames(folder, runFolder);
  if (held.length === 0 || options.force === true) return;
  if (held.includes("run.json")) {
    throw new ConfigError(`${folder} already holds a run; choose another --output, or pass --force to replace it`);
  }
  throw new ConfigError(
    `${folder} holds ${held.join(" and ")} without a run.json, which would be replaced; move the files away, choose another ` +
      "folder, or pass --force to replace them",
  );
}

/** Writes a run folder, whole or not at all: run.json comes last and says what the other files are. */
export async function writeRun(folder: string, run: Run, options: { readonly force?: boolean } = {}): Promise<void> {
  requireReplaceable(folder, options);
  await writeWholeFolder(folder, runFolder, async (inside) => {
    const requestsHash = await writeRequests(join(inside, "requests.csv"), run);
    const batchesHash =
      run.batches.length === 0
        ? undefined
        : await writeCsv(join(inside, "batches.csv"), batchColumns, mapped(run.batches, batchToRow));
    if (run.steps !== undefined) await writeSteps(inside, run.steps);
    writeJson(join(inside, "run.json"), { ...run.info, requests_sha256: requestsHash, batches_sha256: batchesHash });
  });
  removeRunLog(folder);
}

async function writeRequests(path: string, run: Run): Promise<string> {
  const extras = extraColumns(run);
  return await writeLinesAtomic(path, requestLines(run, extras));
}

function* requestLines(run: Run, extras: readonly string[]): Generator<string> {
  yield csvLine([...requestColumns, ...extras]);
  for (const request of eachRequest(run)) {
    const { extra } = request;
    const own = ownCells(request);
    yield csvLine(extras.length === 0 ? own : [...own, ...extras.map((name) => extra?.[name])]);
  }
}

/** Columns beyond those that every run has, in the order in which they first appear. */
function extraColumns(run: Run): string[] {
  const found = new Set<string>();
  for (const { extra } of eachRequest(run)) {
    if (extra === undefined) continue;
    for (const name in extra) found.add(name);
  }
  for (const name of requestColumns) found.delete(name);
  return [...found];
}

function* mapped<T, R>(values: Iterable<T>, map: (value: T) => R): Generator<R> {
  for (const value of values) yield map(value);
}

/** In the order of `requestColumns`. */
function ownCells(request: RequestRecord): (string | number | undefined)[] {
  return [
    request.requestId,
    ms(request.arrivalNs),
    ms(request.sentNs),
    ms(request.scheduledNs),
    ms(request.firstTokenNs),
    ms(request.lastTokenNs),
    request.promptTokens,
    request.cachedTokens,
    request.outputTokens,
    request.batchId,
    request.batchSize,
    request.preemptions,
    request.status,
    request.error,
  ];
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
