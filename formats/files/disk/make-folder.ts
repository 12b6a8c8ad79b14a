/** Folders that a file is to go into. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder, and those above it; returns the first that was not there. Throws what the system says. Node's own
 * `recursive` never ends where a folder that is there takes no others and the system calls that ENOENT (/proc of Linux).
 */
export function makeFolder(folder: string): string | undefined {
  const path = resolve(folder);
  try {
    mkdirSync(path);
    return path;
  } catch (error) {
    if (isFolder(path)) return undefined;
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || existsSync(above)) throw error;
    const first = makeFolder(above);
    const own = makeFolder(path);
    return first ?? own;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
