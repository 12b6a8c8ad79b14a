/**
 * Reading files from outside: only regular files (a device or a pipe may never end), and no more text than memory holds
 * (a gzip of some kilobytes can be gigabytes long).
 */
import { createReadStream, readFileSync, statSync } from "node:fs";
import { constants as bufferLimits } from "node:buffer";
import { createGunzip, gunzipSync } from "node:zlib";
import { ArtifactError } from "../../errors.js";
import { reasonOf } from "./file-reason.js";

/** Longest file that is read in one piece, unpacked: what a Buffer of every supported Node holds, 2 GiB. */
const MAX_BYTES = 2 ** 31 - 1;
/** Longest text in one piece: a string of V8, in bytes of UTF-8 at least as long. */
const MAX_TEXT_BYTES = bufferLimits.MAX_STRING_LENGTH;
/**
 * Longest that a gzip file may become, over its size, beyond the first 64 MiB. Text packs to a third or a tenth, zeros
 * to a thousandth.
 */
const MAX_GZIP_RATIO = 100;
const FREE_BYTES = 2 ** 26;

/** Reads text (gunzips a .gz); ArtifactError when it is missing, not gzip, or too long for one text. */
export function readText(path: string): string {
  const bytes = readWhole(path, MAX_TEXT_BYTES);
  rejectUtf16(path, bytes);
  return bytes.toString("utf8");
}

/** ArtifactError for text that begins with the byte order mark of UTF-16. */
export function rejectUtf16(path: string, bytes: Buffer): void {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) throw new ArtifactError(`${path} is UTF-16, expected UTF-8: iconv -f UTF-16 -t UTF-8 converts it`);
}

/** Reads bytes; gunzips a .gz, and whatever begins as gzip does. ArtifactError when it is missing or cut short. */
export function readBytes(path: string): Buffer {
  return readWhole(path, MAX_BYTES);
}

function readWhole(path: string, mostBytes: number): Buffer {
  requireRegular(path);
  try {
    const size = statSync(path).size;
    if (size > mostBytes) throw tooLong(path, size, mostBytes);
    const bytes = readFileSync(path);
    const isGzip = path.endsWith(".gz") || (bytes[0] === 0x1f && bytes[1] === 0x8b);
    return isGzip ? gunzipSync(bytes, { maxOutputLength: mostUnpacked(bytes.length, mostBytes) }) : bytes;
  } catch (error) {
    if (error instanceof ArtifactError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw bomb(path);
    throw cannotRead(path, error);
  }
}

/** The bytes of a file piece by piece, unpacked where its name ends in .gz: as long as it may be. */
export async function* byteChunks(path: string): AsyncGenerator<Buffer> {
  requireRegular(path);
  const isGzip = path.endsWith(".gz");
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  try {
    const most = isGzip ? mostUnpacked(statSync(path).size, Infinity) : Infinity;
    const source = isGzip ? file.pipe(createGunzip({ chunkSize: 1 << 18 })) : file;
    // A pipe does not pass on its source's errors.
    if (isGzip) file.on("error", (error) => source.destroy(error));
    let bytes = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > most) throw bomb(path);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof ArtifactError ? error : cannotRead(path, error);
  } finally {
    file.destroy();
  }
}

/** ArtifactError for anything but a file: a folder, a device, a pipe, a socket. Links are followed. */
export function requireRegular(path: string): void {
  const kind = kindOf(path);
  if (kind === "file") return;
  throw new ArtifactError(`cannot read ${path}: ${kind}`);
}

function kindOf(path: string): string {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return "file";
    if (stats.isDirectory()) return "it is a folder";
    const kind = stats.isFIFO() ? "a pipe" : stats.isSocket() ? "a socket" : "a device";
    return `it is ${kind}, expected a file`;
  } catch (error) {
    return reasonOf(error);
  }
}

function mostUnpacked(packedBytes: number, mostBytes: number): number {
  return Math.min(mostBytes, FREE_BYTES + MAX_GZIP_RATIO * packedBytes);
}

function tooLong(path: string, bytes: number, mostBytes: number): ArtifactError {
  return new ArtifactError(
    `cannot read ${path}: got ${(bytes / 2 ** 20).toFixed(0)} MiB, expected at most ${(mostBytes / 2 ** 20).toFixed(0)} MiB`,
  );
}

function bomb(path: string): ArtifactError {
  return new ArtifactError(
    `cannot read ${path}: it unpacks to far more than the limit; if that is intended, unpack it with gunzip first`,
  );
}

export function cannotRead(path: string, error: unknown): ArtifactError {
  return new ArtifactError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
}
