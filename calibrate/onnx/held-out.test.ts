import type { BatchShape } from "../fit/index.js";
import { heldOutBlocks } from "./held-out.js";

const grid = (batchSizes: readonly number[], prompts: readonly number[]): BatchShape[] =>
  batchSizes.flatMap((batchSize) =>
    prompts.flatMap((promptTokens) => [5, 24].map((decodeSteps) => ({ batchSize, promptTokens, decodeSteps }))),
  );

test.each(["1", "2", "3", "4", "5"])("all four corners and an inner block are held out, with seed %s", (seed) => {
  const held = [...heldOutBlocks(grid([1, 2, 4, 8, 16], [1, 12, 48]), seed)];
  expect([...held].slice(0, 4).sort()).toEqual(["b1 p1", "b1 p48", "b16 p1", "b16 p48"]);
  expect(held.slice(4)).toEqual([expect.stringMatching(/^b(2|4|8) p12$/)]);
});

test("a large grid holds out a fifth, the corners among them", () => {
  const shapes = grid([1, 2, 4, 8, 16, 32, 64], [1, 4, 16, 64, 256]);
  const held = heldOutBlocks(shapes, "1");
  expect(held.size).toBe(7);
  for (const corner of ["b1 p1", "b1 p256", "b64 p1", "b64 p256"]) expect(held.has(corner)).toBe(true);
});

test("a small grid keeps two thirds of its blocks for the fit", () => {
  const held = [...heldOutBlocks(grid([1, 2, 4], [4, 8]), "1")];
  expect(held).toHaveLength(2);
  expect(["b1 p8", "b4 p4"]).toContain(held[0]);
  expect(["b2 p4", "b2 p8"]).toContain(held[1]);
});

test("a grid with gaps holds out its outermost blocks", () => {
  const shapes = grid([1, 2, 4, 8, 16, 32], [1, 12, 48]).filter((s) => s.batchSize * s.promptTokens <= 400);
  const held = heldOutBlocks(shapes, "1");
  expect(held.size).toBe(5);
  for (const corner of ["b1 p1", "b1 p48", "b32 p1"]) expect(held.has(corner)).toBe(true);
  expect(held.has("b8 p48") || held.has("b32 p12")).toBe(true);
});
