/** The jobs of a sweep's queue: chunks of cells, the same on every machine that has the plan and their number. */
import { fingerprint } from "../inputs/index.js";
import { cellsOfShard } from "./shard.js";

/** What a job says: every machine has the plan. */
export interface Chunk {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** How many chunks of at least `chunkS` seconds each; a cell is never split. `meanS`: of one thread, a cell. */
export function chunkCount(cells: number, meanS: number, chunkS: number): number {
  return Math.max(1, Math.min(cells, Math.floor((cells * meanS) / chunkS)));
}

/** Every `count`th cell, so that long and short ones are mixed. */
export function cellsOfChunk<T>(cells: readonly T[], chunk: Chunk): T[] {
  return cellsOfShard(cells, chunk);
}

/** The chunk of the cell at a place of the plan. */
export function chunkIndexOf(at: number, count: number): number {
  return at % count;
}

/** A hash of the chunk's cells: adding the job a second time changes nothing. Not a number, as BullMQ demands. */
export function jobIdOf(cells: readonly { readonly id: string }[]): string {
  return `cells-${fingerprint(cells.map(({ id }) => id)).slice(0, 24)}`;
}
