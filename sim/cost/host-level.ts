/**
 * One hidden state of a host as a path in time: an Ornstein-Uhlenbeck process on cells of time, a pure function of seed and
 * cell, so that it does not depend on who asks, when, or in which order. Cells are made in blocks: the blocks' first values
 * are a chain of their own, and the inside of a block is a walk bent to meet the next one. Idle time costs one draw a block.
 */
import { normal, stream, type Random } from "../kernel/index.js";

/** Cells in a level's memory, and in a block: a block is about twenty memories. */
const CELLS = 50;
const BLOCK = 1024;

const kept = Math.exp(-1 / CELLS);
const fresh = Math.sqrt(1 - kept * kept);
const keptBlock = kept ** BLOCK;
const freshBlock = Math.sqrt(1 - keptBlock * keptBlock);
/** How much of the miss of the walk's end each cell takes: the regression of a cell on the end, its start known. */
const bend = Float64Array.from({ length: BLOCK }, (_, k) => {
  return (kept ** (BLOCK - k) - kept ** (BLOCK + k)) / (1 - keptBlock * keptBlock);
});

export class HostLevel {
  private readonly chain: Random;
  private readonly starts: number[] = [];
  /** The block that was asked for last and the one before: two clocks ask, one a little ahead. */
  private readonly paths = [new Float64Array(BLOCK), new Float64Array(BLOCK)] as const;
  private blocks: [number, number] = [-1, -1];

  /** Draws from the streams `${name}/...`. */
  constructor(
    private readonly memoryNs: number,
    private readonly name: string,
  ) {
    this.chain = stream(`${name}/starts`);
  }

  /** The level at a time: standard normal, alike within about `memoryNs`; before 0 it is that of 0. */
  at(atNs: number): number {
    const cell = Math.floor((Math.max(0, atNs) / this.memoryNs) * CELLS);
    const block = Math.floor(cell / BLOCK);
    const side = block & 1;
    if (this.blocks[side] !== block) {
      this.make(block, this.paths[side]!);
      this.blocks[side] = block;
    }
    return this.paths[side]![cell - block * BLOCK]!;
  }

  private make(block: number, path: Float64Array): void {
    const own = stream(`${this.name}/${block}`);
    const endsAt = this.startOf(block + 1);
    let value = this.startOf(block);
    for (let k = 0; k < BLOCK; k++) {
      path[k] = value;
      value = kept * value + fresh * normal(own);
    }
    const miss = endsAt - value;
    for (let k = 0; k < BLOCK; k++) path[k]! += bend[k]! * miss;
  }

  private startOf(block: number): number {
    const { starts, chain } = this;
    if (starts.length === 0) starts.push(normal(chain));
    while (starts.length <= block) starts.push(keptBlock * starts.at(-1)! + freshBlock * normal(chain));
    return starts[block]!;
  }
}
