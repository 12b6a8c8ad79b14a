import type { Profile } from "../../../formats/index.js";
import { arenaBytes, batchBytes, largestBatch } from "../index.js";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

function memory(change: Partial<Profile["memory"]> = {}): Profile["memory"] {
  return {
    total_bytes: 1000,
    base_bytes: 100,
    terms: [{ basis: "kv_tokens", coefficient_bytes: 2 }],
    kv_bytes_per_token: 1,
    arena_keeps_peak: true,
    ...change,
  };
}

test("an arena doubles its regions up to the largest, then adds as large ones", () => {
  const held = (needMib: number): number => arenaBytes(needMib * MIB, GIB) / MIB;
  expect([0, 1, 2, 3, 4, 511, 512, 1023, 1024, 2047, 2048].map(held)).toEqual([
    0, 1, 3, 3, 7, 511, 1023, 1023, 2047, 2047, 3071,
  ]);
});

test("a batch holds its prompts and outputs on top of the base, in whole regions where the arena has such", () => {
  const shape = { rows: 3, promptTokens: 10, outputTokens: 5 };
  expect(batchBytes(memory(), shape)).toBe(100 + 2 * 45);
  expect(batchBytes(memory({ arena_region_bytes: 64 }), shape)).toBe(100 + 128);
});

test("the largest batch is the last that fits, and none where one row is too much", () => {
  expect(largestBatch({ memory: memory() }, 10, 5)).toBe(30);
  expect(batchBytes(memory(), { rows: 30, promptTokens: 10, outputTokens: 5 })).toBe(1000);
  expect(largestBatch({ memory: memory({ total_bytes: 129 }) }, 10, 5)).toBe(0);
});

test("memory that does not grow with rows holds any batch", () => {
  expect(largestBatch({ memory: memory({ terms: [] }) }, 10, 5)).toBe(Infinity);
});
