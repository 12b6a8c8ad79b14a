import { findEdge, type EdgeOptions } from "./find-edge.js";

const options: EdgeOptions = { start: 10, step: 1.05, tolerance: 0.005, least: 0.01, most: 1000 };

/** A latency that grows without limit towards `capacity`, in limits. */
const queue = (capacity: number, limit: number) => (x: number) => ({
  worst: { ratio: x >= capacity ? 1e6 : 1 / (capacity - x) / limit },
});

test.each([
  [10, 7.3],
  [10, 10],
  [0.5, 30],
  [900, 3],
])("from %p the edge at %p is found within the tolerance", (start, edge) => {
  const found = findEdge(queue(edge + 1, 1), { ...options, start });
  expect(Math.abs(found.at / edge - 1)).toBeLessThan(0.005);
  expect(found.missed!.worst.ratio).toBeGreaterThan(1);
});

test("a guess that is near takes few runs", () => {
  const found = findEdge(queue(31, 1), { ...options, start: 29.5 });
  expect(found.runs).toBeLessThanOrEqual(6);
});

test("a ratio that jumps is bisected", () => {
  const found = findEdge((x) => ({ worst: { ratio: x > 20 ? 50 : 0.9 } }), options);
  expect(Math.abs(found.at / 20 - 1)).toBeLessThan(0.006);
});

test("where even the least misses, the edge is zero; where even the most meets, it is open", () => {
  expect(findEdge(() => ({ worst: { ratio: 2 } }), options)).toMatchObject({ at: 0, isOpen: false });
  expect(findEdge(() => ({ worst: { ratio: 0.5 } }), options)).toMatchObject({
    at: 1000,
    isOpen: true,
    missed: undefined,
  });
});

test("of whole numbers the last that meets is found", () => {
  for (const edge of [1, 2, 7, 40, 333]) {
    const found = findEdge((x) => ({ worst: { ratio: x / (edge + 0.5) } }), {
      ...options,
      least: 1,
      most: 500,
      isWhole: true,
    });
    expect(found.at).toBe(edge);
  }
});
