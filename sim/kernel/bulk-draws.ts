/**
 * The way into the WebAssembly of bulk-draws.as.ts: its memory, its functions, and the tables that callers keep in it. It is made
 * when it is first used, in each thread for itself.
 */
import { binary } from "./bulk-draws-binary.js";
import { CELLS, SHIFT, starts } from "./normal-cells.js";
import { OUTER } from "./normal-quantile.js";
import { programOf } from "./program.js";

/** Draws in a fill. */
export const FILL_DRAWS = 512;
/** Cells in a block, and most steps of a walk. */
export const BLOCK_CELLS = 1024;

interface Functions {
  readonly walk: (steps: number, kept: number, fresh: number) => void;
  readonly addWalk: (bits: number, bend: number, miss: number) => void;
  readonly lookUp: (table: number, top: number) => void;
  readonly fill: (pieces: number, guide: number, shift: number) => void;
}

/** Where the parts of the memory begin, and the bytes of the room for tables. */
type Places = Record<
  "state" | "starts" | "slopes" | "outer" | "walked" | "block" | "filled" | "room" | "ROOM",
  WebAssembly.Global
>;

export class BulkDraws {
  readonly wasm: Functions;
  /** Of the generator whose numbers are drawn: a, b, c and the counter. */
  readonly state: Int32Array;
  readonly walked: Float64Array;
  readonly block: Float64Array;
  readonly filled: Float64Array;
  /** For tables: the bytes in it that are taken, and how often it was emptied. */
  readonly room: Uint8Array;
  private taken = 0;
  emptied = 0;

  constructor() {
    const wasm = new WebAssembly.Instance(programOf(binary), { env: { "Math.log": Math.log } })
      .exports as unknown as Functions & Places & { readonly memory: WebAssembly.Memory };
    const { buffer } = wasm.memory;
    const numbers = (name: keyof Places, length: number): Float64Array =>
      new Float64Array(buffer, wasm[name].value as number, length);
    this.wasm = wasm;
    this.state = new Int32Array(buffer, wasm.state.value as number, 4);
    this.walked = numbers("walked", BLOCK_CELLS + 1);
    this.block = numbers("block", BLOCK_CELLS);
    this.filled = numbers("filled", FILL_DRAWS);
    this.room = new Uint8Array(buffer, wasm.room.value as number, wasm.ROOM.value as number);
    numbers("starts", CELLS).set(starts);
    numbers("outer", 2 * OUTER[0].length).set(OUTER.flat());
    numbers("slopes", CELLS).set(starts.map((start, cell) => (starts[cell + 1]! - start) * 2 ** -SHIFT));
  }

  /** Copies a table into the room, which is emptied first if it is full; the address. */
  put(table: Uint8Array): number {
    const { room } = this;
    if (this.taken + table.length > room.length) {
      this.taken = 0;
      this.emptied++;
    }
    const at = this.taken;
    room.set(table, at);
    this.taken += Math.ceil(table.length / 16) * 16;
    return room.byteOffset + at;
  }
}

let made: BulkDraws | undefined;

export function bulkDraws(): BulkDraws {
  return (made ??= new BulkDraws());
}

/** A table for the bulk draws, put into their room when they need it. */
export class BulkTable {
  private at = 0;
  private emptied = -1;
  private readonly bytes: Uint8Array;

  constructor(table: ArrayBufferLike) {
    this.bytes = new Uint8Array(table);
  }

  /** Whether there is room for it. */
  get fits(): boolean {
    return this.bytes.length <= bulkDraws().room.length;
  }

  /** Where it lies, until another table is asked for. */
  address(bulk: BulkDraws): number {
    if (this.emptied !== bulk.emptied) {
      this.at = bulk.put(this.bytes);
      this.emptied = bulk.emptied;
    }
    return this.at;
  }
}
