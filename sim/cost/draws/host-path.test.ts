import { seedsOf, Sfc32 } from "../../kernel/index.js";
import { HostPath } from "./host-path.js";
import { CELLS_PER_SCORE, MIDDLE, ScoreTable } from "./score-table.js";

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

describe("to the last bit", () => {
  type States = ConstructorParameters<typeof HostPath>[0];

  /** The path as it is defined, cell by cell, one draw at a time. */
  function plainPath(states: States, name: string): (atNs: number) => number {
    const fastest = Math.min(...states.map((state) => state.memory_ns));
    const chains = states.map((_, number) => Sfc32.named(`${name}/${number}`));
    const starts = chains.map((chain) => [chain.normal()]);
    const [a, b, c] = seedsOf(`${name}/inside`);
    const blocks = new Map<number, number[]>();
    const blockOf = (block: number): number[] => {
      const inside = new Sfc32(a ^ block, b, c);
      const values = new Array<number>(1024).fill(MIDDLE);
      states.forEach(({ share, memory_ns }, number) => {
        const weight = CELLS_PER_SCORE * Math.sqrt(share);
        const cells = Math.min(256, 2 ** Math.floor(Math.log2(memory_ns / fastest)));
        const steps = 1024 / cells;
        const kept = Math.exp((-cells * (fastest / 50)) / memory_ns);
        const keptBlock = kept ** steps;
        const ends = starts[number]!;
        while (ends.length < block + 2) {
          ends.push(keptBlock * ends.at(-1)! + Math.sqrt(1 - keptBlock * keptBlock) * chains[number]!.normal());
        }
        const walk = [weight * ends[block]!];
        for (let step = 0; step < steps; step++) {
          walk.push(kept * walk[step]! + weight * Math.sqrt(1 - kept * kept) * inside.normal());
        }
        const miss = weight * ends[block + 1]! - walk[steps]!;
        values.forEach((value, cell) => {
          const step = Math.floor(cell / cells);
          const bend = (kept ** (steps - step) - kept ** (steps + step)) / (1 - keptBlock * keptBlock);
          values[cell] = value + (walk[step]! + bend * miss);
        });
      });
      return values;
    };
    return (atNs) => {
      const cell = Math.floor(Math.max(0, atNs) * (1 / (fastest / 50)));
      const block = Math.floor(cell / 1024);
      if (!blocks.has(block)) blocks.set(block, blockOf(block));
      return blocks.get(block)![cell % 1024]!;
    };
  }

  const border = (block: number): number[] =>
    [-1, -0.001, 0, 0.001, 0.5, 1].map((cell) => block * BLOCK_NS + cell * CELL_NS);
  const times = [
    ...border(0),
    ...border(1),
    ...Array.from({ length: 3000 }, (_, k) => 7.3 * k * CELL_NS),
    ...[3, 20, 5, 300, 299, 298, 16, 8, 7, 900, 0, 901].flatMap(border),
    ...Array.from({ length: 500 }, (_, k) => ((k * 7919.7 * CELL_NS) % (60 * BLOCK_NS)) - CELL_NS),
    -Infinity,
    -1e18,
  ];

  it.each<[string, States]>([
    ["one state", fast],
    ["a fast and a slow state", both],
    ["a slow state before a fast one", [...both].reverse()],
    ["two fast states and one of few cells", [...fast, { share: 0.2, memory_ns: 1.7 * MEMORY_NS }, { share: 0.1, memory_ns: 2.1 * MEMORY_NS }]], // prettier-ignore
    ["a state slower than a block", [{ share: 0.1, memory_ns: 1e5 * MEMORY_NS }, ...fast]],
  ])("%s", (name, states) => {
    const expected = times.map(plainPath(states, name));
    const path = new HostPath(states, name);
    expect(times.map((atNs) => path.at(atNs))).toEqual(expected);
    const table = new ScoreTable((probability) => 0.5 + probability ** 3);
    const values = new HostPath(states, name, table);
    expect(times.map((atNs) => values.at(atNs))).toEqual(expected.map((place) => table.at(place)));
  });
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
