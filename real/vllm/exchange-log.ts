/**
 * The exchanges of a run, packed as they end: beyond 4 MiB they go to a temporary file, so that a run of hours takes no more
 * memory than one of minutes. Every value comes back as it was, to the bit. In the order of the workload.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { SentExchange } from "./client/index.js";

/** What was packed is kept in pieces, each in memory or in the file. */
interface Piece {
  readonly start: number;
  readonly bytes: Buffer | undefined;
}

const PIECE_BYTES = 2 ** 18;
const MAX_IN_MEMORY = 2 ** 22;

/** The file has no name any more, and is gone with its descriptor. */
const unreachable = new FinalizationRegistry<number>(closeSync);

export class ExchangeLog implements Iterable<SentExchange> {
  /** Exchanges that were added. */
  count = 0;
  /** Gaps between two chunks of whole answers. */
  gaps = 0;
  /** By place in the workload: where it was packed, and how long it is; 0: not there. */
  private readonly starts: Float64Array;
  private readonly lengths: Uint32Array;
  private readonly pieces: Piece[] = [];
  private filling = Buffer.allocUnsafe(PIECE_BYTES);
  private reading = Buffer.alloc(0);
  private filled = 0;
  private packed = 0;
  /** null: the system gives no file, so all stays in memory. */
  private file: number | null | undefined;

  constructor(
    requests: number,
    private readonly maxInMemory = MAX_IN_MEMORY,
  ) {
    this.starts = new Float64Array(requests);
    this.lengths = new Uint32Array(requests);
  }

  add(exchange: SentExchange): void {
    const { index, chunkNs, failure } = exchange;
    const bytes = serialize(exchange);
    if (this.filled + bytes.length > this.filling.length) this.endPiece(bytes.length);
    bytes.copy(this.filling, this.filled);
    this.starts[index] = this.packed + this.filled;
    this.lengths[index] = bytes.length;
    this.filled += bytes.length;
    this.count++;
    if (failure === undefined) this.gaps += Math.max(0, chunkNs.length - 1);
  }

  /** The exchange of a request, by its place in the workload. */
  of(index: number): SentExchange | undefined {
    const length = this.lengths[index] ?? 0;
    if (length === 0) return undefined;
    return deserialize(this.read(this.starts[index]!, length)) as SentExchange;
  }

  /** Places in the workload of all that are there, ascending. */
  places(): Uint32Array {
    const places = new Uint32Array(this.count);
    let found = 0;
    for (let index = 0; index < this.lengths.length; index++) if (this.lengths[index]! > 0) places[found++] = index;
    return places;
  }

  *[Symbol.iterator](): Generator<SentExchange> {
    for (const index of this.places()) yield this.of(index)!;
  }

  private endPiece(needed: number): void {
    const bytes = this.filling.subarray(0, this.filled);
    this.pieces.push({ start: this.packed, bytes });
    this.packed += this.filled;
    this.filled = 0;
    if (this.packed > this.maxInMemory) this.moveToFile();
    this.filling = Buffer.allocUnsafe(Math.max(PIECE_BYTES, needed));
  }

  private moveToFile(): void {
    if (this.file === undefined) {
      this.file = openUnnamed();
      if (this.file !== null) unreachable.register(this, this.file);
    }
    if (this.file === null) return;
    for (const [at, { start, bytes }] of this.pieces.entries()) {
      if (bytes === undefined) continue;
      // A full disk may have room again later; the piece waits in memory.
      if (!isWritten(this.file, bytes, start)) return;
      this.pieces[at] = { start, bytes: undefined };
    }
  }

  private read(start: number, length: number): Buffer {
    if (start >= this.packed) return this.filling.subarray(start - this.packed, start - this.packed + length);
    const { start: first, bytes } = this.pieceAt(start);
    if (bytes !== undefined) return bytes.subarray(start - first, start - first + length);
    // What is made of the bytes does not keep them, so all readings share one buffer.
    if (this.reading.length < length) this.reading = Buffer.allocUnsafe(2 * length);
    readSync(this.file!, this.reading, 0, length, start);
    return this.reading.subarray(0, length);
  }

  /** The last piece that begins at or before that byte. */
  private pieceAt(byte: number): Piece {
    let [from, until] = [0, this.pieces.length];
    while (until - from > 1) {
      const middle = (from + until) >> 1;
      if (this.pieces[middle]!.start <= byte) from = middle;
      else until = middle;
    }
    return this.pieces[from]!;
  }
}

/** A file that nobody else can open and that no killed process leaves behind; null where none can be made. */
function openUnnamed(): number | null {
  try {
    const folder = mkdtempSync(join(tmpdir(), "servesim-"));
    const file = openSync(join(folder, "exchanges"), "wx+", 0o600);
    rmSync(folder, { recursive: true, force: true });
    return file;
  } catch {
    return null;
  }
}

function isWritten(file: number, bytes: Buffer, start: number): boolean {
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, start + at);
    return true;
  } catch {
    return false;
  }
}
