import fc from "fast-check";
import { findMemoryEdge } from "./memory-edge.js";

test.each([1, 7, 100, 5000])("an edge at 100 rows is found from a guess of %i", async (guess) => {
  const { fits, fails, tries } = await findMemoryEdge(guess, 1e6, (rows) => Promise.resolve(rows <= 100));
  expect(fits).toBeLessThanOrEqual(100);
  expect(fails).toBeGreaterThan(100);
  expect(fails! - fits).toBeLessThanOrEqual(5);
  expect(tries.length).toBeLessThanOrEqual(16);
});

test("nothing fits, and everything fits up to the most that is asked for", async () => {
  expect(await findMemoryEdge(8, 100, () => Promise.resolve(false))).toMatchObject({ fits: 0, fails: 1 });
  expect(await findMemoryEdge(8, 100, () => Promise.resolve(true))).toMatchObject({ fits: 100, fails: undefined });
});

test("whatever the edge, it lies between what ran and what did not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 3000 }), async (edge, guess) => {
      const { fits, fails } = await findMemoryEdge(guess, 1e4, (rows) => Promise.resolve(rows <= edge));
      expect(fits).toBeLessThanOrEqual(edge);
      expect(fails).toBeGreaterThan(edge);
    }),
  );
});
