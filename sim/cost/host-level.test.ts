import { HostLevel } from "./host-level.js";

const MEMORY_NS = 50_000;
const CELL_NS = MEMORY_NS / 50;
const BLOCK_NS = 1024 * CELL_NS;

test("a level is a function of seed, level and cell: who asked before, when and in which order makes no difference", () => {
  const times = Array.from({ length: 400 }, (_, k) => (k * 7919 * CELL_NS) % (9 * BLOCK_NS));
  const asked = (order: readonly number[]): Map<number, number> => {
    const level = new HostLevel(MEMORY_NS, "test/order");
    return new Map(order.map((atNs) => [atNs, level.at(atNs)]));
  };
  const forwards = asked([...times].sort((a, b) => a - b));
  expect(asked([...forwards.keys()].reverse())).toEqual(new Map([...forwards].reverse()));
  expect(asked(times)).toEqual(new Map(times.map((atNs) => [atNs, forwards.get(atNs)!])));
  for (const [atNs, value] of forwards) expect(new HostLevel(MEMORY_NS, "test/order").at(atNs)).toBe(value);
  expect(new HostLevel(MEMORY_NS, "test/other").at(0)).not.toBe(forwards.get(0));
});

test("it is standard normal and forgets at its memory, over the seams of its blocks as within them", () => {
  const [products, squares, counts] = [new Float64Array(3), new Float64Array(2), [0, 0]];
  const gapsNs = [CELL_NS, MEMORY_NS, 3 * MEMORY_NS];
  for (let seed = 0; seed < 1000; seed++) {
    const level = new HostLevel(MEMORY_NS, `test/${seed}`);
    // Just before a seam, so that each gap but none crosses it; and within a block.
    const seamNs = BLOCK_NS - 0.5 * CELL_NS;
    const value = level.at(seamNs);
    squares[0]! += value * value;
    counts[0]!++;
    gapsNs.forEach((gapNs, at) => (products[at]! += value * level.at(seamNs + gapNs)));
    squares[1]! += level.at(0.4 * BLOCK_NS) ** 2;
    counts[1]!++;
  }
  expect(squares[0]! / counts[0]!).toBeCloseTo(1, 0.6);
  expect(squares[1]! / counts[1]!).toBeCloseTo(1, 0.6);
  gapsNs.forEach((gapNs, at) => {
    expect(Math.abs(products[at]! / counts[0]! - Math.exp(-gapNs / MEMORY_NS))).toBeLessThan(0.12);
  });
});

test("before its beginning it is as at its beginning", () => {
  const level = new HostLevel(MEMORY_NS, "test/early");
  expect(level.at(-5)).toBe(level.at(0));
});
