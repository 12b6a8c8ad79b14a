/**
 * What a run has finished so far, kept while it goes on: run.json with `cut: true`, and finished.jsonl, to which a line
 * is added for each request, batch and step that ends. However the process ends, what was added is there; writeRun
 * replaces both with the whole run. Lines are written once a turn of the event loop, after the turn's answers were
 * timed, and reach the disk (fsync) within a second.
 */
import { closeSync, existsSync, fsync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { check } from "../../check.js";
import { ArtifactError, ConfigError } from "../../errors.js";
import type { ScheduledStepRecord, BatchRecord, RequestRecord, Run, RunInfo, RunJournal } from "../../run/index.js";
import { makeFolder, reasonOf } from "../disk/index.js";
import { readJsonLines, writeJson } from "../json.js";
import { batchColumns, recordShape, requestColumns, stepColumns } from "./columns.js";

/** A journal in a run folder. `begin` makes the folder, and replaces what an earlier run has left in it. */
export interface RunLog extends RunJournal {
  /** Writes what has not been written yet; at once, so that it may be called when the process is about to end. */
  flush(): void;
  /** The same, and waits for the disk; nothing can be added afterwards. */
  close(): void;
}

const LOG_NAME = "finished.jsonl";
const SYNC_EVERY_MS = 1_000;
/** Of a run that is to be replaced. */
const runFiles = ["run.json", ...["requests", "batches", "steps"].flatMap((name) => [`${name}.csv`, `${name}.csv.gz`])];

/** `onTrouble` is called once when a line cannot be written (the disk is full); it is tried again with the next one. */
export function runLog(folder: string, onTrouble: (message: string) => void): RunLog {
  let lines: LogLines | undefined;
  return {
    begin: (info) => {
      const fd = openLog(folder);
      lines = new LogLines(fd, (error) => {
        onTrouble(`cannot keep finished requests in ${folder} as they end: ${reasonOf(error)}; the run continues`);
      });
      writeJson(join(folder, "run.json"), { ...info, cut: true });
    },
    request: (request) => {
      lines?.add({ request });
    },
    batch: (batch) => {
      lines?.add({ batch });
    },
    step: (step) => {
      lines?.add({ step });
    },
    flush: () => {
      lines?.flush();
    },
    close: () => {
      lines?.close();
      lines = undefined;
    },
  };
}

/** Makes the folder, and its log empty. */
function openLog(folder: string): number {
  try {
    makeFolder(folder);
    // run.json goes first and comes last: a log is never read with another run's description.
    for (const name of runFiles) rmSync(join(folder, name), { force: true });
    return openSync(join(folder, LOG_NAME), "w");
  } catch (cause) {
    throw new ConfigError(`cannot write ${folder}: ${reasonOf(cause)}; choose a folder you may write to`, { cause });
  }
}

/** Lines on their way to an open file. */
class LogLines {
  private lines: string[] = [];
  /** What a full disk did not take, mostly from the middle of a line on. */
  private rest: Buffer = Buffer.alloc(0);
  private isClosed = false;
  private isWaiting = false;
  private isSyncing = false;
  private isReported = false;

  constructor(
    private readonly fd: number,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  add(line: object): void {
    this.lines.push(`${JSON.stringify(line)}\n`);
    this.syncSoon();
    // Where the disk was full, the next try comes with the next sync.
    if (this.isWaiting || this.rest.length > 0) return;
    this.isWaiting = true;
    setImmediate(() => {
      this.flush();
    });
  }

  flush(): void {
    this.isWaiting = false;
    if (this.isClosed) return;
    this.rest = Buffer.concat([this.rest, Buffer.from(this.lines.join(""))]);
    this.lines = [];
    try {
      while (this.rest.length > 0) this.rest = this.rest.subarray(writeSync(this.fd, this.rest));
    } catch (error) {
      if (this.isReported) return;
      this.isReported = true;
      this.onFailure(error);
    }
  }

  close(): void {
    this.flush();
    try {
      fsyncSync(this.fd);
    } catch {
      // What the disk does not take was reported when it was written.
    }
    closeSync(this.fd);
    this.isClosed = true;
  }

  private syncSoon(): void {
    if (this.isSyncing) return;
    this.isSyncing = true;
    setTimeout(() => {
      this.isSyncing = false;
      if (this.isClosed) return;
      if (this.rest.length > 0) this.flush();
      fsync(this.fd, () => undefined);
    }, SYNC_EVERY_MS).unref();
  }
}

/** Whether a folder has a log; a run that was cut before its first request ended has an empty one. */
export function hasRunLog(folder: string): boolean {
  return existsSync(join(folder, LOG_NAME));
}

/** Removes the log of a run that is whole now. */
export function removeRunLog(folder: string): void {
  rmSync(join(folder, LOG_NAME), { force: true });
}

const logLine = z.union([
  z.strictObject({
    request: z.strictObject({
      ...recordShape(requestColumns),
      extra: z.record(z.string(), z.string()).optional(),
    }),
  }),
  z.strictObject({ batch: z.strictObject(recordShape(batchColumns)) }),
  z.strictObject({ step: z.strictObject(recordShape(stepColumns)) }),
]);

/**
 * A run that was cut: its finished requests by arrival, marked invalid, with a note. A last line cut short is dropped;
 * any other bad line is an ArtifactError that names it.
 */
export async function readCutRun(folder: string, info: RunInfo): Promise<Run> {
  const path = join(folder, LOG_NAME);
  const requests: RequestRecord[] = [];
  const batches: BatchRecord[] = [];
  const steps: ScheduledStepRecord[] = [];
  for await (const { value, line } of readJsonLines(path, "a finished request, batch or step")) {
    const read = check(logLine, value, { source: `${path}:${line}`, Failure: ArtifactError });
    if ("request" in read) requests.push(read.request as unknown as RequestRecord);
    else if ("batch" in read) batches.push(read.batch as unknown as BatchRecord);
    else steps.push(read.step as unknown as ScheduledStepRecord);
  }
  requests.sort((a, b) => a.arrivalNs - b.arrivalNs);
  const planned = typeof info.planned_requests === "number" ? ` of ${info.planned_requests}` : "";
  const remark = `the run was cut before its end: ${requests.length}${planned} requests had finished, only they are in it`;
  const valid = { ok: false, reasons: [remark, ...(info.valid?.reasons ?? [])] };
  const cut = { info: { ...info, requests: requests.length, valid }, requests, batches };
  return steps.length === 0 ? cut : { ...cut, steps };
}
