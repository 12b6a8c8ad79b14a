/** Places that a command writes to, looked at before its work: an existing file is replaced only with --force. */
import { closeSync, lstatSync, mkdtempSync, openSync, readSync, rmdirSync, statSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { reasonOf } from "../../formats/files/index.js";
import { ConfigError, plainLine } from "../../formats/index.js";

/**
 * ConfigError for the first path that exists, that cannot be a file, or whose folder cannot be written. `flag`: what
 * named them, such as "--output".
 */
export function requireFree(paths: readonly string[], flag: string, force: boolean): void {
  for (const path of paths) {
    if (path.endsWith("/")) throw new ConfigError(`${flag} ${shown(path)}: names a folder, expected a file`);
    const found = statOf(path);
    if (found?.isDirectory() === true) throw new ConfigError(`${flag} ${shown(path)}: it is a folder, expected a file`);
    if (found !== undefined && !found.isFile())
      throw new ConfigError(`${flag} ${shown(path)}: it is a device or a pipe, expected a file`);
    if (found !== undefined && !force) {
      throw new ConfigError(`${shown(path)} exists already; choose another ${flag}, or pass --force to replace it`);
    }
  }
  for (const folder of new Set(paths.map((path) => dirname(path)))) requireCreatable(folder);
}

/** Does the file begin like one of servesim's, such as `class="servesim-chart"`? */
export function beginsWith(path: string, mark: string): boolean {
  if (statOf(path)?.isFile() !== true) return false;
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, "r");
  try {
    return head.toString("utf8", 0, readSync(file, head)).includes(mark);
  } finally {
    closeSync(file);
  }
}

const HEAD_BYTES = 400;

/** ConfigError where files cannot be created in the folder, which need not exist. */
export function requireCreatable(folder: string): void {
  const reject = (why: string): never => {
    throw new ConfigError(`cannot write ${shown(folder)}: ${why}; choose a folder you may write to`);
  };
  const place = nearestThere(resolve(folder), reject);
  const found = statOf(place);
  if (found === undefined) reject(`${shown(place)} is a link that leads nowhere`);
  else if (!found.isDirectory()) reject("a part of the path is a file, not a folder");
  try {
    // The only sure test is to create something.
    rmdirSync(mkdtempSync(join(place, ".servesim-")));
  } catch (error) {
    reject(`nothing can be created in ${shown(place)} (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

/** The path itself, or the nearest above it that exists. */
function nearestThere(path: string, reject: (why: string) => never): string {
  try {
    lstatSync(path);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") return reject(reasonOf(error));
    return dirname(path) === path ? path : nearestThere(dirname(path), reject);
  }
}

/** What is there, links followed; undefined where nothing is. A name that no file can have is a ConfigError. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENAMETOOLONG") throw new ConfigError(`cannot write ${shown(path)}: ${reasonOf(error)}`);
    return undefined;
  }
}

/** A path may have line ends, and thousands of characters. */
function shown(path: string): string {
  return plainLine(path, 200);
}
