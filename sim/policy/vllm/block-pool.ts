/** The paged KV cache by count: how many blocks are free. One block of the pool is reserved, as in vLLM. */
import { InvariantError } from "../../../formats/index.js";

export class BlockPool {
  private free: number;

  constructor(readonly totalBlocks: number) {
    this.free = totalBlocks - 1;
  }

  /** Blocks that requests can hold, all together. */
  get usableBlocks(): number {
    return this.totalBlocks - 1;
  }

  get freeBlocks(): number {
    return this.free;
  }

  /** Takes blocks; false, and nothing changed, when there are too few. */
  take(blocks: number): boolean {
    if (blocks > this.free) return false;
    this.free -= blocks;
    return true;
  }

  release(blocks: number): void {
    this.free += blocks;
    if (this.free > this.usableBlocks) {
      throw new InvariantError(`${this.free} KV blocks free of ${this.usableBlocks}: released more than was taken`);
    }
  }
}
