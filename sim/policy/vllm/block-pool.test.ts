import { InvariantError } from "../../../formats/index.js";
import { BlockPool } from "./block-pool.js";

function take(pool: BlockPool, blocks: number): number[] {
  return Array.from({ length: blocks }, () => pool.take());
}

describe("the block pool", () => {
  it("keeps block 0 in reserve and hands the others out in order", () => {
    const pool = new BlockPool(5);
    expect([pool.usableBlocks, pool.freeBlocks, pool.freeQueue()]).toEqual([4, 4, [1, 2, 3, 4]]);
    expect(take(pool, 4)).toEqual([1, 2, 3, 4]);
    expect(() => pool.take()).toThrow(InvariantError);
  });

  it("takes released blocks without a key first, last in the table first; those with a key wait at the back", () => {
    const pool = new BlockPool(8);
    const held = take(pool, 4);
    const keys = [pool.keys.fresh(), pool.keys.fresh()];
    pool.register(held[0]!, keys[0]!);
    pool.register(held[1]!, keys[1]!);
    pool.release(held);
    expect(pool.freeQueue()).toEqual([4, 3, 5, 6, 7, 2, 1]);
  });

  it("takes released blocks in the order of their release before 0.24, with a key or without", () => {
    const pool = new BlockPool(8, false);
    const held = take(pool, 4);
    pool.register(held[0]!, pool.keys.fresh());
    pool.release(held);
    expect(pool.freeQueue()).toEqual([5, 6, 7, 4, 3, 2, 1]);
  });

  it("frees a shared block with its last holder, and takes a hit block out of the middle of the queue", () => {
    const pool = new BlockPool(4);
    const held = take(pool, 1);
    const key = pool.keys.fresh();
    pool.register(held[0]!, key);
    pool.touch(1);
    pool.release(held);
    expect([pool.isFree(1), pool.freeBlocks]).toEqual([false, 2]);
    pool.release([1]);
    expect(pool.freeQueue()).toEqual([2, 3, 1]);
    pool.touch(pool.find(key));
    expect(pool.freeQueue()).toEqual([2, 3]);
  });

  it("finds, of several blocks with one key, the one registered first among those still there", () => {
    const pool = new BlockPool(4);
    const key = pool.keys.fresh();
    for (const block of take(pool, 3)) pool.register(block, key);
    expect(pool.find(key)).toBe(1);
    pool.release([1]);
    expect(pool.find(key)).toBe(1);
    expect(pool.take()).toBe(1);
    expect(pool.find(key)).toBe(2);
    pool.release([2, 3]);
    expect(take(pool, 1)).toEqual([3]);
    expect(pool.find(key)).toBe(2);
    take(pool, 1);
    expect(pool.find(key)).toBe(0);
  });

  it("forgets all keys when nothing is held, and leaves the queue as it is", () => {
    const pool = new BlockPool(4);
    const key = pool.keys.fresh();
    const held = take(pool, 2);
    pool.register(held[0]!, key);
    expect(pool.reset()).toBe(false);
    pool.release(held);
    const queue = pool.freeQueue();
    expect(pool.reset()).toBe(true);
    expect([pool.find(key), pool.freeQueue()]).toEqual([0, queue]);
    pool.keys.release(key);
    expect(pool.keys.live).toBe(0);
  });

  it("finds out when more is released than was taken, or a block gets a second key", () => {
    expect(() => {
      new BlockPool(5).release([1]);
    }).toThrow(InvariantError);
    const pool = new BlockPool(5);
    const block = pool.take();
    pool.register(block, pool.keys.fresh());
    expect(() => {
      pool.register(block, pool.keys.fresh());
    }).toThrow(InvariantError);
  });
});
