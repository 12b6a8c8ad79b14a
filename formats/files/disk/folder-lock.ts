/**
 * One process at a time works in a folder, or on a file that takes long to make: `.lock` in the folder, `.NAME.lock`
 * beside the file, names it by host and process id. The lock of a dead process is taken over; that of another host is
 * not, since nothing here shows whether its process still runs.
 */
import { linkSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { defined } from "../../defined.js";
import { ConfigError } from "../../errors.js";
import { cannotWrite } from "./atomic.js";
import { makeFolder } from "./make-folder.js";
import { isAlive, temporaryBeside } from "./temporary.js";

const ownerSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** Distinguishes a process from an earlier one with the same id; absent where the system does not say. */
  started: z.string().optional(),
});
type Owner = z.output<typeof ownerSchema>;

export const LOCK_NAME = ".lock";

/** Does the work while no other process works in this folder, which is created. ConfigError if another process does. */
export async function whileLocked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return whileHeld({ what: folder, folder, path: join(folder, LOCK_NAME) }, work);
}

/** The same for a file, whether it exists or not: its folder is created, and others may work on its neighbours. */
export async function whileFileLocked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const folder = dirname(resolve(file));
  return whileHeld({ what: file, folder, path: join(folder, `.${basename(file).slice(0, 200)}${LOCK_NAME}`) }, work);
}

interface Lock {
  /** What is worked on, as it was asked for. */
  readonly what: string;
  readonly folder: string;
  readonly path: string;
}

async function whileHeld<T>(lock: Lock, work: () => Promise<T>): Promise<T> {
  const release = take(lock);
  try {
    return await work();
  } finally {
    release();
  }
}

/** Returns a function that releases it. */
function take({ what, folder, path }: Lock): () => void {
  const own = JSON.stringify(ownOwner());
  const made = temporaryBeside(path);
  let first: string | undefined;
  try {
    first = makeFolder(folder);
    writeFileSync(made, `${own}\n`);
  } catch (error) {
    throw cannotWrite(what, error);
  }
  try {
    // Twice, since the lock of a dead process may be in the way.
    for (let attempt = 1; !isLinked(made, path); attempt++) {
      const text = textOf(path);
      if (text === undefined) {
        if (attempt > MAX_ATTEMPTS) throw heldBy(what, path, undefined);
        continue;
      }
      const owner = ownerOf(text);
      if (owner === undefined || !isGone(owner) || attempt > 3) throw heldBy(what, path, owner);
      takeAway(path, text);
    }
  } finally {
    rmSync(made, { force: true });
  }
  return () => {
    if (textOf(path)?.trim() === own) rmSync(path, { force: true });
    if (first !== undefined) removeEmpty(resolve(folder), resolve(first));
  };
}

/** A lock that cannot be read may have been released this moment; one that stays so is a folder, say, or a link. */
const MAX_ATTEMPTS = 100;

/** Folders that were created for the lock and are still empty. */
function removeEmpty(folder: string, first: string): void {
  try {
    rmdirSync(folder);
    if (folder !== first) removeEmpty(dirname(folder), first);
  } catch {
    // Not empty.
  }
}

/** False where the lock is there already. The link is made whole or not at all. */
function isLinked(made: string, path: string): boolean {
  try {
    linkSync(made, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // A file system without hard links.
    if (code === "EPERM" || code === "ENOTSUP" || code === "ENOSYS") return isWritten(made, path);
    throw cannotWrite(path, error);
  }
}

function isWritten(made: string, path: string): boolean {
  try {
    writeFileSync(path, readFileSync(made), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw cannotWrite(path, error);
  }
}

/** Removes that lock, and no other that took its place meanwhile. */
function takeAway(path: string, text: string): void {
  const aside = temporaryBeside(path);
  try {
    renameSync(path, aside);
  } catch {
    return; // Another process was faster.
  }
  if (textOf(aside) !== text) isLinked(aside, path);
  rmSync(aside, { force: true });
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").slice(0, 1000);
  } catch {
    return undefined;
  }
}

function ownerOf(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isGone({ pid, host, started }: Owner): boolean {
  if (host !== hostname()) return false;
  return !isAlive(pid) || (started !== undefined && started !== startOf(pid));
}

function ownOwner(): Owner {
  const started = startOf(process.pid);
  return { pid: process.pid, host: hostname(), ...defined({ started }) };
}

/** Boot and clock tick at which a process began, on Linux; undefined elsewhere. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name of the program, in parentheses, may hold blanks.
    const ticks = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ")[19]!;
    return `${boot}/${ticks}`;
  } catch {
    return undefined;
  }
}

function heldBy(what: string, path: string, owner: Owner | undefined): ConfigError {
  if (owner === undefined)
    return new ConfigError(`${path} is no lock of servesim's; remove it, or write to another place`);
  const where = owner.host === hostname() ? "" : ` on ${owner.host}`;
  return new ConfigError(
    `${what} is in use by process ${owner.pid}${where}; wait until that process ends` +
      (where === "" ? ", or write to another place" : `, or, if that process has ended, remove ${path}`),
  );
}
