/** Files appear whole or not at all: written under a temporary name in the same folder, then renamed. */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, gzipSync } from "node:zlib";
import { ArtifactError, ConfigError } from "../errors.js";
import { reasonOf } from "./file-reason.js";
import { parseJson } from "./parse-json.js";
import { readText } from "./read-bytes.js";
import { temporaryBeside } from "./temporary.js";

/** Writes text (gzip when the name ends in .gz); makes the folder; ConfigError when the place is not writable. */
export function writeTextAtomic(path: string, text: string): void {
  const temporary = temporaryBeside(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, path.endsWith(".gz") ? gzipSync(text) : text);
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw cannotWrite(path, error);
  }
}

/** Text of a chunk before it is handed to the disk, characters: a file may be longer than a string may be. */
const CHUNK = 1 << 18;

/**
 * Writes lines, each with a line break, one after another: as long as they may be together. Whole or not at all, gzip when the
 * name ends in .gz. Returns the SHA-256 of the text, hex.
 */
export async function writeLinesAtomic(path: string, lines: Iterable<string> | AsyncIterable<string>): Promise<string> {
  const temporary = temporaryBeside(path);
  const hash = createHash("sha256");
  try {
    mkdirSync(dirname(path), { recursive: true });
    const source = Readable.from(chunksOf(lines, hash), { objectMode: false });
    // Opened first: a stream may open its file after it was given up, and leave it behind.
    const file = (await open(temporary, "w")).createWriteStream({ flush: true });
    if (path.endsWith(".gz")) await pipeline(source, createGzip(), file);
    else await pipeline(source, file);
    renameSync(temporary, path);
    return hash.digest("hex");
  } catch (error) {
    discard(temporary);
    // What makes the lines may throw for reasons of its own.
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : cannotWrite(path, error);
  }
}

async function* chunksOf(
  lines: Iterable<string> | AsyncIterable<string>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  let text = "";
  const flushed = (): Buffer => {
    const bytes = Buffer.from(text);
    hash.update(bytes);
    text = "";
    return bytes;
  };
  for await (const line of lines) {
    text += `${line}\n`;
    if (text.length >= CHUNK) yield flushed();
  }
  if (text !== "") yield flushed();
}

/** Two-space JSON with a final newline, written whole. */
export function writeJson(path: string, value: unknown): void {
  writeTextAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Reads JSON; ArtifactError names the file and what the parser said. */
export function readJson(path: string): unknown {
  const text = readText(path).replace(/^\uFEFF/, "");
  try {
    return parseJson(text);
  } catch (error) {
    throw new ArtifactError(`${path} is not JSON: ${reasonOf(error).replace(/\s+/g, " ")}; it may be truncated`, {
      cause: error,
    });
  }
}

export function cannotWrite(path: string, error: unknown): ConfigError {
  return new ConfigError(`cannot write ${path}: ${reasonOf(error)}; choose a folder you may write to`, {
    cause: error,
  });
}

/** Removes a temporary file or folder; where even that fails (the path runs through a file), there is none. */
export function discard(temporary: string): void {
  try {
    rmSync(temporary, { recursive: true, force: true });
  } catch {
    // The error that brought us here says what is wrong.
  }
}
