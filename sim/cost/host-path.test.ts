import { HostPath } from "./host-path.js";
import { CELLS_PER_SCORE, MIDDLE } from "./score-table.js";

const MEMORY_NS = 50_000;
const CELL_NS = MEMORY_NS / 50;
const BLOCK_NS = 1024 * CELL_NS;
const fast = [{ share: 1, memory_ns: MEMORY_NS }];
const both = [{ share: 0.6, memory_ns: MEMORY_NS }, { share: 0.3, memory_ns: 70 * MEMORY_NS }]; // prettier-ignore

const scoreAt = (path: HostPath, atNs: number): number => (path.at(atNs) - MIDDLE) / CELLS_PER_SCORE;

test("a path is a function of seed and cell: who asked before, when and in which order makes no difference", () => {
  // Over more blocks than the window has, and far beyond it.
  const times = Array.from({ length: 900 }, (_, k) => ((k * 7919 * CELL_NS) % (40 * BLOCK_NS)) + (k % 90 === 0 ? 900 * BLOCK_NS : 0)); // prettier-ignore
  const asked = (order: readonly number[]): Map<number, number> => {
    const path = new HostPath(both, "test/order");
    return new Map(order.map((atNs) => [atNs, path.at(atNs)]));
  };
  const forwards = asked([...times].sort((a, b) => a - b));
  expect(asked([...forwards.keys()].reverse())).toEqual(new Map([...forwards].reverse()));
  expect(asked(times)).toEqual(new Map(times.map((atNs) => [atNs, forwards.get(atNs)!])));
  for (const [atNs, value] of forwards) expect(new HostPath(both, "test/order").at(atNs)).toBe(value);
  expect(new HostPath(both, "test/other").at(0)).not.toBe(forwards.get(0));
});

test("two clocks half a run apart find the same path", () => {
  const [one, other] = [new HostPath(both, "test/two"), new HostPath(both, "test/two")];
  const laterNs = 30 * BLOCK_NS;
  const alone = Array.from({ length: 200 }, (_, k) => other.at(17 * k * CELL_NS));
  for (let k = 0; k < 200; k++) {
    expect(one.at(17 * k * CELL_NS)).toBe(alone[k]);
    one.at(laterNs + 17 * k * CELL_NS);
  }
});

test("it is normal with the variance of the shares, and forgets at the memories, over the seams of blocks as within them", () => {
  const gapsNs = [CELL_NS, MEMORY_NS, 3 * MEMORY_NS];
  const products = new Float64Array(3);
  let [atSeam, inside, slow] = [0, 0, 0];
  for (let seed = 0; seed < 1000; seed++) {
    const path = new HostPath(fast, `test/${seed}`);
    // Just before a seam, so that every gap crosses it; and within a block.
    const seamNs = BLOCK_NS - 0.5 * CELL_NS;
    const value = scoreAt(path, seamNs);
    atSeam += value * value;
    gapsNs.forEach((gapNs, at) => (products[at]! += value * scoreAt(path, seamNs + gapNs)));
    inside += scoreAt(path, 0.4 * BLOCK_NS) ** 2;
    slow += scoreAt(new HostPath(both, `both/${seed}`), 0.4 * BLOCK_NS) ** 2;
  }
  expect(Math.abs(atSeam / 1000 - 1)).toBeLessThan(0.15);
  expect(Math.abs(inside / 1000 - 1)).toBeLessThan(0.15);
  expect(Math.abs(slow / 1000 - 0.9)).toBeLessThan(0.14);
  gapsNs.forEach((gapNs, at) => {
    expect(Math.abs(products[at]! / 1000 - Math.exp(-gapNs / MEMORY_NS))).toBeLessThan(0.12);
  });
});

test("a slow state is alike long after a fast one has been forgotten", () => {
  let [products, squares] = [0, 0];
  for (let seed = 0; seed < 1500; seed++) {
    const path = new HostPath(both, `slow/${seed}`);
    const value = scoreAt(path, BLOCK_NS);
    products += value * scoreAt(path, BLOCK_NS + 10 * MEMORY_NS);
    squares += value * value;
  }
  // What is left is the slow state's share, less what it forgets in a seventh of its memory.
  expect(products / squares).toBeCloseTo((0.3 * Math.exp(-1 / 7)) / 0.9, 1);
});

test("before its beginning it is as at its beginning", () => {
  const path = new HostPath(fast, "test/early");
  expect(path.at(-5)).toBe(path.at(0));
});

test("a path does not depend on those made before it, nor on the unit of time", () => {
  const slower = both.map(({ share, memory_ns }) => ({ share, memory_ns: 2 * memory_ns }));
  const [one, same, other] = [both, both, slower].map((states) => new HostPath(states, "test/shared"));
  for (let k = 0; k < 3000; k++) {
    expect(same!.at(k * CELL_NS)).toBe(one!.at(k * CELL_NS));
    expect(other!.at(2 * k * CELL_NS)).toBe(one!.at(k * CELL_NS));
  }
});
