import fc from "fast-check";
import { findFewest } from "./find-fewest.js";

const search = (fewest: number, start: number, most: number): { count: number | null; runs: number[] } => {
  const { count, looked } = findFewest((x) => ({ x, worst: { ratio: fewest / x } }), { start, most });
  return { count, runs: looked.map(({ x }) => x) };
};

test("finds the fewest from any start, looks at none twice, and says when even the most is not enough", () => {
  const numbers = fc.record({ fewest: fc.integer({ min: 1, max: 300 }), start: fc.integer({ min: 1, max: 300 }), most: fc.integer({ min: 1, max: 200 }) }); // prettier-ignore
  fc.assert(
    fc.property(numbers, ({ fewest, start, most }) => {
      const { count, runs } = search(fewest, start, most);
      expect(count).toBe(fewest <= most ? fewest : null);
      expect(new Set(runs).size).toBe(runs.length);
      expect(Math.max(...runs)).toBeLessThanOrEqual(most);
    }),
  );
});

test("a start that is right takes two runs, or one where it is 1", () => {
  expect(search(7, 7, 100).runs).toEqual([6, 7]);
  expect(search(1, 1, 100).runs).toEqual([1]);
});
