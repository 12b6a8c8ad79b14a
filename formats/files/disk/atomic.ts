/** Files appear whole or not at all: written under a temporary name in the same folder, then renamed. */
import { createHash } from "node:crypto";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, gzipSync } from "node:zlib";
import { ConfigError } from "../../errors.js";
import { reasonOf } from "./file-reason.js";
import { makeFolder } from "./make-folder.js";
import { temporaryBeside } from "./temporary.js";

/** Writes text (gzip when the name ends in .gz); makes the folder; ConfigError when the place is not writable. */
export function writeTextAtomic(path: string, text: string): void {
  writeBytesAtomic(path, path.endsWith(".gz") ? gzipSync(text) : text);
}

/** The same with bytes, as they are. */
export function writeBytesAtomic(path: string, bytes: string | Uint8Array): void {
  requireFile(path);
  const temporary = temporaryBeside(path);
  try {
    makeFolder(dirname(path));
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw cannotWrite(path, error);
  }
}

/** Makes a file under a temporary name, which becomes `path` when `write` is done; whole or not at all. */
export async function makeAtomic(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  requireFile(path);
  const temporary = temporaryBeside(path);
  try {
    makeFolder(dirname(path));
    await write(temporary);
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    // `write` may throw an error of its own.
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : cannotWrite(path, error);
  }
}

/** A device or a pipe would be replaced by a file of its name. */
function requireFile(path: string): void {
  if (!isOther(path)) return;
  throw new ConfigError(`cannot write ${path}: it is a device or a pipe, expected the name of a file`);
}

function isOther(path: string): boolean {
  try {
    const found = statSync(path);
    return !found.isFile() && !found.isDirectory();
  } catch {
    // Writing it says what is wrong.
    return false;
  }
}

/** Bytes that are handed to the disk at once. */
const BLOCK = 1 << 18;

/**
 * Writes lines, each with a line break, one after another: as long as they may be together. Whole or not at all, gzip
 * when the name ends in .gz. Returns the SHA-256 of the text, hex.
 */
export async function writeLinesAtomic(path: string, lines: Iterable<string> | AsyncIterable<string>): Promise<string> {
  const hash = createHash("sha256");
  await makeAtomic(path, async (temporary) => {
    // Opened first: a stream may open its file after it was given up, and leave it behind.
    const file = await open(temporary, "w");
    if (path.endsWith(".gz")) await writePacked(file, blocksOf(lines, hash));
    else await writePlain(file, blocksOf(lines, hash));
  });
  return hash.digest("hex");
}

async function writePlain(file: FileHandle, blocks: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const block of blocks) await file.writeFile(block);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writePacked(file: FileHandle, blocks: AsyncIterable<Buffer>): Promise<void> {
  // A stream still holds a block when it asks for the next.
  const copies = async function* (): AsyncGenerator<Buffer> {
    for await (const block of blocks) yield Buffer.from(block);
  };
  const source = Readable.from(copies(), { objectMode: false });
  await pipeline(source, createGzip(), file.createWriteStream({ flush: true }));
}

/**
 * The lines as blocks of bytes, a line break after each. All are in one buffer, so a block is good until the next is
 * asked for: a buffer for each, or lines put together as text, would wait for a collection of garbage by the hundred
 * MiB.
 */
async function* blocksOf(
  lines: Iterable<string> | AsyncIterable<string>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  let buffer = Buffer.allocUnsafe(BLOCK);
  let filled = 0;
  const block = (): Buffer => {
    const bytes = buffer.subarray(0, filled);
    hash.update(bytes);
    filled = 0;
    return bytes;
  };
  for await (const line of lines) {
    const mostBytes = 3 * line.length + 1;
    if (filled + mostBytes > buffer.length) {
      if (filled > 0) yield block();
      if (mostBytes > buffer.length) buffer = Buffer.allocUnsafe(mostBytes);
    }
    filled += buffer.write(line, filled);
    buffer[filled++] = 0x0a;
  }
  if (filled > 0) yield block();
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
    // The first error says what is wrong.
  }
}
