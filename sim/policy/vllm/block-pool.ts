/**
 * The paged KV cache: blocks with reference counts, a free queue, and an index of the blocks that carry a prefix key.
 * Block 0 is reserved, as in vLLM. A free block may still carry a key: it can be hit until it is taken for something
 * else. Several blocks may carry one key; the one registered first among those still there is found.
 * Source: vllm/v1/core/block_pool.py (behaviour). Lists are doubly linked through typed arrays; ends are block 0.
 */
import { InvariantError } from "../../../formats/index.js";
import { PrefixKeys } from "./prefix-keys.js";

const NO_KEY = -1;

export class BlockPool {
  readonly keys = new PrefixKeys();
  private readonly holders: Int32Array;
  /** Neighbours in the free queue; block 0 stands before the first and after the last. */
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private free: number;
  private readonly keyOf: Int32Array;
  /** Neighbours among the blocks of one key, in order of registration; 0: none. */
  private readonly nextSame: Int32Array;
  private readonly previousSame: Int32Array;
  private firstOfKey = new Int32Array(1024);
  private lastOfKey = new Int32Array(1024);

  /** `unkeyedFirst`: released blocks without a key are taken next; else they wait at the back, as all others do. */
  constructor(
    readonly totalBlocks: number,
    private readonly unkeyedFirst = true,
  ) {
    this.holders = new Int32Array(totalBlocks);
    this.next = ring(totalBlocks, 1);
    this.previous = ring(totalBlocks, totalBlocks - 1);
    this.keyOf = new Int32Array(totalBlocks).fill(NO_KEY);
    this.nextSame = new Int32Array(totalBlocks);
    this.previousSame = new Int32Array(totalBlocks);
    this.free = totalBlocks - 1;
  }

  /** Blocks that requests can hold, all together. */
  get usableBlocks(): number {
    return this.totalBlocks - 1;
  }

  get freeBlocks(): number {
    return this.free;
  }

  /** Takes the first block of the free queue; it loses its key. The caller has made sure that there is one. */
  take(): number {
    const block = this.next[0]!;
    if (block === 0) throw new InvariantError("a KV block was taken from an empty pool");
    this.unlink(block);
    this.dropKey(block);
    this.holders[block] = 1;
    return block;
  }

  /** One more holder of a block that the index found. */
  touch(block: number): void {
    if (this.holders[block] === 0) this.unlink(block);
    this.holders[block]!++;
  }

  isFree(block: number): boolean {
    return this.holders[block] === 0;
  }

  /**
   * Gives up a request's blocks, last to first. Those that no other request holds go to the free queue: without a key to its
   * front, to be taken soon (where unkeyedFirst), with one to its back.
   */
  release(blocks: readonly number[]): void {
    let front = 0;
    for (let at = blocks.length - 1; at >= 0; at--) {
      const block = blocks[at]!;
      const left = --this.holders[block]!;
      if (left > 0) continue;
      if (left < 0) throw new InvariantError(`KV block ${block} was released more often than it was taken`);
      if (this.unkeyedFirst && this.keyOf[block] === NO_KEY) {
        this.link(block, front);
        front = block;
      } else this.link(block, this.previous[0]!);
    }
  }

  /** The block with this key; 0 when there is none. */
  find(key: number): number {
    return key < this.firstOfKey.length ? this.firstOfKey[key]! : 0;
  }

  /** From now on the block can be found by its key. */
  register(block: number, key: number): void {
    if (this.keyOf[block] !== NO_KEY) throw new InvariantError(`KV block ${block} has a key already`);
    this.keys.hold(key);
    this.keyOf[block] = key;
    if (key >= this.firstOfKey.length) this.growIndex(key);
    const last = this.lastOfKey[key]!;
    this.previousSame[block] = last;
    this.nextSame[block] = 0;
    if (last === 0) this.firstOfKey[key] = block;
    else this.nextSame[last] = block;
    this.lastOfKey[key] = block;
  }

  /** Forgets every key; false, and nothing changed, while any block is held. */
  reset(): boolean {
    if (this.free < this.usableBlocks) return false;
    for (let block = 1; block < this.totalBlocks; block++) this.dropKey(block);
    return true;
  }

  /** Free blocks, next to be taken first. */
  freeQueue(): number[] {
    const queue: number[] = [];
    for (let block = this.next[0]!; block !== 0; block = this.next[block]!) queue.push(block);
    return queue;
  }

  /** Key of each block, for inspection; undefined: none. */
  blockKeys(): (number | undefined)[] {
    return Array.from(this.keyOf, (key) => (key === NO_KEY ? undefined : key));
  }

  private link(block: number, after: number): void {
    const before = this.next[after]!;
    this.previous[block] = after;
    this.next[block] = before;
    this.next[after] = block;
    this.previous[before] = block;
    this.free++;
  }

  private unlink(block: number): void {
    const previous = this.previous[block]!;
    const next = this.next[block]!;
    this.next[previous] = next;
    this.previous[next] = previous;
    this.free--;
  }

  private dropKey(block: number): void {
    const key = this.keyOf[block]!;
    if (key === NO_KEY) return;
    this.keyOf[block] = NO_KEY;
    const previous = this.previousSame[block]!;
    const next = this.nextSame[block]!;
    if (previous === 0) this.firstOfKey[key] = next;
    else this.nextSame[previous] = next;
    if (next === 0) this.lastOfKey[key] = previous;
    else this.previousSame[next] = previous;
    this.keys.release(key);
  }

  private growIndex(key: number): void {
    const length = Math.max(key + 1, this.firstOfKey.length * 2);
    const [first, last] = [new Int32Array(length), new Int32Array(length)];
    first.set(this.firstOfKey);
    last.set(this.lastOfKey);
    this.firstOfKey = first;
    this.lastOfKey = last;
  }
}

/** Of each of `length` places, the one so many further on. */
function ring(length: number, step: number): Int32Array {
  const places = new Int32Array(length);
  for (let at = 0; at < length; at++) places[at] = (at + step) % length;
  return places;
}
