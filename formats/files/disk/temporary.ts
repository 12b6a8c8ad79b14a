/**
 * Names of what is still being written. A name holds host and process, so that the next start recognises what a killed
 * process left behind: `.run.1a2b3c4d-4711-9f00aa11.tmp` of process 4711 on the host with that fingerprint.
 */
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

const temporary = /\.([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{8}\.tmp$/;

/** A hidden name beside `path` that no other process takes. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 100)}.${stamp()}.tmp`);
}

/** A hidden name in `folder`. */
export function temporaryIn(folder: string, name: string): string {
  return join(folder, `.${name}.${stamp()}.tmp`);
}

/** Paths in a folder that a dead process of this host was writing; none where there is no such folder. */
export function abandonedIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => {
      const [, host, pid] = temporary.exec(name) ?? [];
      return host === hostPrint() && !isAlive(Number(pid));
    })
    .map((name) => join(folder, name));
}

/** Names in a folder; none where it is no folder, or may not be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Removes what killed processes left in a folder, except what is worth keeping. What cannot be removed stays. */
export function removeAbandoned(folder: string, isKept: (path: string) => boolean = () => false): void {
  for (const path of abandonedIn(folder)) {
    if (isKept(path)) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // It takes space, but does no other harm.
    }
  }
}

/** Whether a process of this host runs; one that may not be signalled does. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function stamp(): string {
  return `${hostPrint()}-${process.pid}-${randomBytes(4).toString("hex")}`;
}

function hostPrint(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}
