/**
 * Run folders on disk: requests.csv[.gz] + run.json, batches.csv for batch policies, steps.csv.gz of real steps. Reads
 * what servesim wrote and recordings of the same form: unknown columns are kept, absent ones stay absent.
 */
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { check } from "../../check.js";
import { ArtifactError, ConfigError } from "../../errors.js";
import {
  GrowingTable,
  type RequestTable,
  runSchema,
  type BatchRecord,
  type RequestRecord,
  type Run,
  eachRequest,
  tableRun,
} from "../../run/index.js";
import { writeLinesAtomic, finishAbandoned, heldNames, writeWholeFolder, type FolderForm } from "../disk/index.js";
import { checkRow, eachRow, namedRow, writeCsv } from "../csv.js";
import { csvLine } from "../csv-text.js";
import { readJson, writeJson } from "../json.js";
import { batchColumns, existing, recordOf, requestColumns, required, rowOf, rowSchema } from "./columns.js";
import { plainRequests } from "./plain-requests.js";
import { hasRunLog, readCutRun, removeRunLog } from "./run-log.js";
import { writeSteps } from "./steps-file.js";

/** Rows that are not plain (plain-requests.ts). */
const requestRow = rowSchema(requestColumns)
  .refine(
    ({ first_token_ms: first, last_token_ms: last }) =>
      !((first as number | undefined)! > (last as number | undefined)!),
    { path: ["last_token_ms"], message: "expected a time at or after first_token_ms" },
  )
  .transform((row): RequestRecord => {
    const extra = Object.entries(row).filter(([name]) => !Object.hasOwn(requestColumns, name));
    const record = recordOf(requestColumns, row) as RequestRecord;
    return extra.length === 0 ? record : { ...record, extra: Object.fromEntries(extra) as Record<string, string> };
  });
const batchRow = rowSchema(batchColumns).transform((row) => recordOf(batchColumns, row) as BatchRecord);

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
  const hash = createHash("sha256");
  const table = new GrowingTable();
  await eachRow(path, { required: required(requestColumns), hash }, (header) => {
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
  await eachRow(path, { required: required(batchColumns), hash }, (header) => (row) => {
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
    const requestsHash = await writeLinesAtomic(join(inside, "requests.csv"), requestLines(run, extraColumns(run)));
    const batchesHash =
      run.batches.length === 0
        ? undefined
        : await writeCsv(join(inside, "batches.csv"), Object.keys(batchColumns), batchRows(run.batches));
    if (run.steps !== undefined) await writeSteps(inside, run.steps);
    writeJson(join(inside, "run.json"), { ...run.info, requests_sha256: requestsHash, batches_sha256: batchesHash });
  });
  removeRunLog(folder);
}

function* requestLines(run: Run, extras: readonly string[]): Generator<string> {
  yield csvLine([...Object.keys(requestColumns), ...extras]);
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
  for (const name in requestColumns) found.delete(name);
  return [...found];
}

function* batchRows(batches: readonly BatchRecord[]): Generator<Record<string, string | number | undefined>> {
  for (const batch of batches) yield rowOf(batchColumns, batch);
}

/** In the order of `requestColumns`; written out, since a run may have ten million. */
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

function ms(ns: number | undefined): number | undefined {
  return ns === undefined ? undefined : ns / 1e6;
}
