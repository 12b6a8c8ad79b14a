/** Extents against a list of single blocks: the same hits, the same ids, the same free queue, whatever is computed and given up. */
import fc from "fast-check";
import type { ContentRuns } from "../../../../formats/index.js";
import { PrefixCache } from "./prefix-cache.js";

const BLOCK_SIZE = 4;
const BLOCKS = 12;

/** Few ids and lengths that are no multiples of blocks, so that prompts share, part within a block and are copies of each other. */
const prompts = fc.array(
  fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 14 })), { minLength: 1, maxLength: 4 }),
  { minLength: 2, maxLength: 5 },
);
/** A request, and how many tokens it is to compute next, or that it gives up its blocks. */
const moves = fc.array(
  fc.tuple(fc.nat(4), fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant("release" as const))),
  { minLength: 40, maxLength: 120 },
);

/** A request's key for each full block of its prompt: all tokens up to the block's end. Blocks of outputs are like no others. */
function keysOf(content: ContentRuns, index: number): (block: number) => string {
  const tokens = content.flatMap(([id, count]) => new Array<number>(count).fill(id));
  return (block) => {
    const end = (block + 1) * BLOCK_SIZE;
    return end <= tokens.length ? tokens.slice(0, end).join() : `${index}:${block}`;
  };
}

class SingleBlocks {
  readonly queue = Array.from({ length: BLOCKS }, (_, at) => at + 1);
  private readonly keys = new Map<number, string>();
  private readonly found = new Map<string, number[]>();
  private readonly holders = new Map<number, number>();

  constructor(private readonly unkeyedFirst: boolean) {}

  lookUp(keyOf: (block: number) => string, most: number): number[] {
    const hits: number[] = [];
    while (hits.length < most) {
      const block = this.found.get(keyOf(hits.length))?.[0];
      if (block === undefined) break;
      hits.push(block);
    }
    return hits;
  }

  isIdle(block: number): boolean {
    return (this.holders.get(block) ?? 0) === 0;
  }

  hold(block: number): void {
    if (this.isIdle(block)) this.queue.splice(this.queue.indexOf(block), 1);
    this.holders.set(block, (this.holders.get(block) ?? 0) + 1);
  }

  take(): number {
    const block = this.queue[0]!;
    const key = this.keys.get(block);
    if (key !== undefined) this.found.set(key, this.found.get(key)!.filter((one) => one !== block)); // prettier-ignore
    this.keys.delete(block);
    this.hold(block);
    return block;
  }

  register(block: number, key: string): void {
    this.keys.set(block, key);
    this.found.set(key, [...(this.found.get(key) ?? []), block]);
  }

  release(blocks: readonly number[]): void {
    let front = 0;
    for (const block of blocks.toReversed()) {
      this.holders.set(block, this.holders.get(block)! - 1);
      if (!this.isIdle(block)) continue;
      if (this.unkeyedFirst && !this.keys.has(block)) this.queue.splice(front++, 0, block);
      else this.queue.push(block);
    }
  }
}

test.each([true, false])("extents are found, held and given up as blocks are (unkeyed first: %s)", (unkeyedFirst) => {
  let [hits, lost] = [0, 0];
  fc.assert(
    fc.property(prompts, moves, (contents, steps) => {
      const requests = contents.map((content) => {
        const promptTokens = content.reduce((sum, [, tokens]) => sum + tokens, 0);
        return { promptTokens, outputTokens: 200, content };
      });
      const keys = contents.map(keysOf);
      const single = new SingleBlocks(unkeyedFirst);
      const options = { freesUnkeyedFirst: unkeyedFirst, isNamed: true };
      const cache = new PrefixCache(requests, BLOCK_SIZE, BLOCKS, options);
      const held = requests.map((): number[] => []);
      const [computed, registered, known] = [requests.map(() => 0), requests.map(() => 0), requests.map((one) => one.promptTokens)]; // prettier-ignore
      const compute = (index: number, tokens: number): void => {
        const end = computed[index]! + tokens;
        const taken = Math.ceil(end / BLOCK_SIZE) - held[index]!.length;
        for (let left = taken; left > 0; left--) held[index]!.push(single.take());
        cache.takeFor(index, taken);
        computed[index] = end;
        for (; (registered[index]! + 1) * BLOCK_SIZE <= end; registered[index]!++) {
          single.register(held[index]![registered[index]!]!, keys[index]!(registered[index]!));
        }
        cache.register(index, registered[index]!);
      };
      for (const [drawn, move] of steps) {
        const index = drawn % requests.length;
        if (move === "release") {
          expect(cache.release(index, held[index]!.length)).toBe(held[index]!.filter((one) => { const before = single.isIdle(one); return !before && holdersOf(held, one) === 1; }).length); // prettier-ignore
          single.release(held[index]!);
          held[index] = [];
          computed[index] = registered[index] = 0;
        } else if (held[index]!.length === 0) {
          const found = single.lookUp(keys[index]!, Math.floor((known[index]! - 1) / BLOCK_SIZE));
          const idle = found.filter((block) => single.isIdle(block)).length;
          cache.lookUp(index, known[index]!);
          expect([cache.hitBlocks, cache.idleHits]).toEqual([found.length, idle]);
          hits += found.length;
          const tokens = Math.min(move, known[index]! - found.length * BLOCK_SIZE);
          const needed = Math.ceil((found.length * BLOCK_SIZE + tokens) / BLOCK_SIZE) - found.length;
          if (needed + idle > single.queue.length) continue;
          for (const block of found) single.hold(block);
          cache.hold(index);
          held[index] = found;
          registered[index] = found.length;
          computed[index] = found.length * BLOCK_SIZE;
          compute(index, tokens);
        } else {
          // Beyond its prompt it computes outputs, one at a time.
          if (computed[index] === known[index]) known[index]!++;
          const tokens = Math.min(move, known[index]! - computed[index]!);
          if (Math.ceil((computed[index]! + tokens) / BLOCK_SIZE) - held[index]!.length > single.queue.length) lost++;
          else compute(index, tokens);
        }
        expect(cache.freeQueue()).toEqual(single.queue);
        expect(held.map((_, one) => cache.blocksOf(one))).toEqual(held);
      }
    }),
    { numRuns: 150, seed: 20_261_126 },
  );
  // Without hits and without a full pool nothing would have been tried.
  expect(hits).toBeGreaterThan(150);
  expect(lost).toBeGreaterThan(20);
});

function holdersOf(held: readonly (readonly number[])[], block: number): number {
  return held.filter((blocks) => blocks.includes(block)).length;
}
