/**
 * Rows of finished cells. Each process adds to a file of its own, so that any number of machines may write to one folder, and what is
 * added stays whatever becomes of the process: a line that it leaves torn is simulated again.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, existsSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ArtifactError, check, ConfigError, messageOf } from "../../formats/index.js";
import { makeFolder, readJsonLines } from "../../formats/files/index.js";
import { sweepRowSchema, type SweepRow } from "./row.js";

export interface PartWriter {
  add(row: SweepRow): void;
  /** Waits for the disk. */
  close(): void;
}

const SYNC_EVERY_MS = 1000;

/** Rows of this process; the file is made with the first. ConfigError where a row cannot be written. */
export function partWriter(folder: string): PartWriter {
  const host = hostname()
    .replace(/[^\w-]/g, "_")
    .slice(0, 60);
  const path = join(folder, `${host}-${process.pid}-${randomBytes(4).toString("hex")}.jsonl`);
  let fd: number | undefined;
  let syncedMs = 0;
  return {
    add(row) {
      try {
        makeFolder(folder);
        fd ??= openSync(path, "a");
        let rest = Buffer.from(`${JSON.stringify(row)}\n`);
        while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
        const nowMs = process.uptime() * 1e3;
        if (nowMs - syncedMs < SYNC_EVERY_MS) return;
        fsyncSync(fd);
        syncedMs = nowMs;
      } catch (cause) {
        throw new ConfigError(
          `cannot write ${path}: ${messageOf(cause)}; free some space, or choose a folder ` +
            "you may write to; what was finished before is kept",
          { cause },
        );
      }
    },
    close() {
      if (fd === undefined) return;
      fsyncSync(fd);
      closeSync(fd);
      fd = undefined;
    },
  };
}

interface PlacedRow {
  readonly row: SweepRow;
  /** File and line, for errors. */
  readonly where: string;
  /** Where its line is in the file. */
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Rows of all processes, in no order that means anything. ArtifactError where a file is damaged. */
export async function* eachRow(folder: string): AsyncGenerator<PlacedRow> {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".jsonl")) continue;
    const path = join(folder, name);
    for await (const { value, line, offset, bytes } of readJsonLines(path, "the row of a cell")) {
      const where = `${path}:${line}`;
      const row = check(sweepRowSchema, value, { source: where, Failure: ArtifactError });
      yield { row, where, path, offset, bytes };
    }
  }
}
