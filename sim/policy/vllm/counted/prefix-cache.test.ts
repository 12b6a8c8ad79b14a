/** Against the reference, block by block: the same hits, the same free blocks, whatever is admitted, computed and given up. */
import fc from "fast-check";
import { KvCache } from "../kv-cache.js";
import type { SchedulerLimits } from "../limits.js";
import { Sequence } from "../sequence.js";
import { DEFAULT_VERSION, rulesOf } from "../versions.js";
import { PrefixCache } from "./prefix-cache.js";

const BLOCK_SIZE = 4;
const BLOCKS = 12;
const limits = {
  rules: rulesOf(DEFAULT_VERSION),
  blockSize: BLOCK_SIZE,
  numGpuBlocks: BLOCKS + 1,
  prefixCaching: true,
  maxModelLen: 1000,
  watermark: 0,
  reserveFullIsl: false,
} as SchedulerLimits;

/** Few ids and lengths that are no multiples of blocks, so that prompts share, part within a block and are copies of each other. */
const prompts = fc.array(
  fc.array(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 14 })), { minLength: 1, maxLength: 4 }),
  { minLength: 2, maxLength: 5 },
);
/** A request, and how many tokens it is to compute next, or that it gives up its blocks. */
const moves = fc.array(
  fc.tuple(fc.nat(4), fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant("release" as const))),
  {
    minLength: 40,
    maxLength: 120,
  },
);

test("extents are found, held and given up as blocks are", () => {
  let [hits, lost] = [0, 0];
  fc.assert(
    fc.property(prompts, moves, (contents, steps) => {
      const requests = contents.map((content) => {
        const promptTokens = content.reduce((sum, [, tokens]) => sum + tokens, 0);
        return { promptTokens, outputTokens: 200, content };
      });
      const kv = new KvCache(limits, requests);
      const cache = new PrefixCache(requests, BLOCK_SIZE, BLOCKS);
      const sequences = requests.map((request, index) => new Sequence(index, 0, request));
      let free = BLOCKS;
      const register = (index: number): void => {
        cache.register(index, sequences[index]!.cachedBlocks);
      };
      for (const [drawn, move] of steps) {
        const index = drawn % requests.length;
        const sequence = sequences[index]!;
        const held = sequence.blocks.length;
        if (move === "release") {
          kv.release(sequence);
          free += cache.release(index, held);
          sequence.computed = 0;
        } else if (held === 0) {
          const cached = kv.lookUp(sequence);
          cache.lookUp(index, sequence.known);
          expect([cache.hitBlocks * BLOCK_SIZE, cache.idleHits > 0]).toEqual([cached, kv.hasIdleHits]);
          hits += cache.hitBlocks;
          const tokens = Math.min(move, sequence.known - cached);
          if (!kv.canAdmit(sequence, tokens, 0)) continue;
          kv.admit(sequence, tokens);
          free -= cache.idleHits;
          cache.hold(index);
          const taken = sequence.blocks.length - cache.hitBlocks;
          free -= taken;
          cache.take(taken);
          sequence.computed = cached + tokens;
          register(index);
        } else {
          // Beyond its prompt it computes outputs, one at a time.
          if (sequence.computed === sequence.known) sequence.known++;
          const tokens = Math.min(move, sequence.known - sequence.computed);
          if (!kv.grow(sequence, tokens)) {
            lost++;
            continue;
          }
          const taken = sequence.blocks.length - held;
          free -= taken;
          cache.take(taken);
          sequence.computed += tokens;
          register(index);
        }
        expect(free).toBe(kv.pool.freeBlocks);
      }
    }),
    { numRuns: 150, seed: 20_261_126 },
  );
  // Without hits and without a full pool nothing would have been tried.
  expect(hits).toBeGreaterThan(150);
  expect(lost).toBeGreaterThan(20);
});
