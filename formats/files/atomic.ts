/** Files appear whole or not at all: written under a temporary name in the same folder, then renamed. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { ArtifactError, ConfigError } from "../errors.js";

/** Writes text (gzip when the name ends in .gz); makes the folder; ConfigError when the place is not writable. */
export function writeTextAtomic(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, path.endsWith(".gz") ? gzipSync(text) : text);
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw new ConfigError(`cannot write ${path}: ${reason(error)}; choose a folder you may write to`, { cause: error });
  }
}

/** Removes a temporary file; where even that is refused (the path runs through a file), there is none. */
function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch {
    // The error that brought us here says what is wrong.
  }
}

/** Two-space JSON with a final newline, written whole. */
export function writeJson(path: string, value: unknown): void {
  writeTextAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Reads text (gunzips a .gz); ArtifactError when it is missing or not gzip. */
export function readText(path: string): string {
  return readBytes(path).toString("utf8");
}

/** Reads bytes; gunzips a .gz, and whatever begins as gzip does. ArtifactError when it is missing or cut short. */
export function readBytes(path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    const isGzip = path.endsWith(".gz") || (bytes[0] === 0x1f && bytes[1] === 0x8b);
    return isGzip ? gunzipSync(bytes) : bytes;
  } catch (error) {
    throw new ArtifactError(`cannot read ${path}: ${reason(error)}`, { cause: error });
  }
}

/** Reads JSON; ArtifactError names the file and what the parser said. */
export function readJson(path: string): unknown {
  const text = readText(path).replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ArtifactError(`${path} is not JSON: ${reason(error).replace(/\s+/g, " ")}; it may be truncated`, {
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case "ENOENT":
      return "no such file or folder";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "permission denied";
    case "ENOTDIR":
    case "EEXIST":
      return "a part of the path is a file, not a folder";
    case "EISDIR":
      return "it is a folder";
    case "ENOSPC":
      return "the disk is full";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
