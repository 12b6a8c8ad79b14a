import { Stalls, StateFactors } from "./factor-streams.js";
import { factorTable, meanOf } from "./factor-tables.js";
import { HostPath } from "./host-path.js";

const quantiles: [number, number][] = [
  [0, 0.5],
  [0.5, 0.9],
  [0.9, 1.5],
  [1, 4],
];
const MEAN = 1.105; // 0.5 x 0.7 + 0.4 x 1.2 + 0.1 x 2.75
/** A factor that is the uniform number it was drawn by, over its mean. */
const uniform: [number, number][] = [[0, 0], [1, 1]]; // prettier-ignore
const states = [{ share: 0.8, memory_ns: 100 }];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function correlation(values: readonly number[], lag: number): number {
  const level = mean(values);
  const pairs = values.slice(lag).map((value, at) => (value - level) * (values[at]! - level));
  return mean(pairs) / mean(values.map((value) => (value - level) ** 2));
}

function streams(host: string, names: readonly string[], interruptedShare = 0): StateFactors[] {
  const path = new HostPath(states, host);
  return names.map((name) => new StateFactors({ quantiles: uniform }, states, interruptedShare, path, name));
}

test("the mean of piecewise linear quantiles is the area under them", () => {
  expect(meanOf(quantiles)).toBeCloseTo(MEAN, 12);
});

test("factors have mean 1 and the given quantiles", () => {
  const table = factorTable({ quantiles });
  expect(table.at(0.5) * MEAN).toBeCloseTo(0.9, 12);
  expect(table.at(0.95) * MEAN).toBeCloseTo(2.75, 12);
  expect(mean(Array.from({ length: 100_000 }, (_, k) => table.at((k + 0.5) / 100_000)))).toBeCloseTo(1, 6);
});

test("factors by the host's states have the given quantiles, and are alike when near in time and not when far", () => {
  const [one] = streams("test/host", ["test/own"]);
  const values = Array.from({ length: 100_000 }, (_, k) => one!.next(10 * k) / 2);
  const sorted = [...values].sort((a, b) => a - b);
  for (const p of [0.05, 0.5, 0.95]) expect(sorted[p * 100_000]!).toBeCloseTo(p, 1.5);
  expect(correlation(values, 1)).toBeGreaterThan(0.6);
  expect(correlation(values, 1)).toBeLessThan(0.8);
  expect(Math.abs(correlation(values, 60))).toBeLessThan(0.06);
});

describe("what shares the host", () => {
  const INTERRUPTED = 0.03;

  it("is slow at the same times", () => {
    const [one, other] = streams("test/shared", ["test/one", "test/other"]);
    const pairs = Array.from({ length: 20_000 }, (_, k) => {
      return [one!.next(500 * k) / 2 - 0.5, other!.next(500 * k) / 2 - 0.5] as const;
    });
    // Two uniforms that share 0.8 of their normal score.
    const shared = mean(pairs.map(([a, b]) => a * b)) / mean(pairs.map(([a]) => a * a));
    expect(shared).toBeCloseTo((6 / Math.PI) * Math.asin(0.8 / 2), 1.5);
  });

  it("is interrupted by itself", () => {
    const [one, other] = streams("test/interrupted", ["test/one", "test/other"], INTERRUPTED);
    const drawn = Array.from({ length: 100_000 }, (_, k) => [one!.next(k) / 2, other!.next(k) / 2] as const);
    const isLong = (u: number): boolean => u > 1 - INTERRUPTED;
    const long = drawn.filter(([a]) => isLong(a));
    expect(long.length / drawn.length).toBeCloseTo(INTERRUPTED, 2.5);
    const after = drawn.slice(1).filter((_, k) => isLong(drawn[k]![0]));
    expect(after.filter(([a]) => isLong(a)).length / after.length).toBeCloseTo(INTERRUPTED, 1.5);
    expect(long.filter(([, b]) => isLong(b)).length / long.length).toBeCloseTo(INTERRUPTED, 1.5);
  });
});

test("stalls come with tokens, however these are cut into outputs, and last as long as they say", () => {
  const stall = { token_probability: 0.1, mean_ns: 5e6 };
  for (const tokens of [1, 20]) {
    const stalls = new Stalls(stall, "test/stall");
    const heldNs = Array.from({ length: 40_000 }, () => stalls.next(tokens));
    const chance = 1 - 0.9 ** tokens;
    expect(Math.abs(mean(heldNs.map((ns) => Number(ns > 0))) - chance)).toBeLessThan(0.01);
    expect(Math.abs(mean(heldNs) / (chance * 5e6) - 1)).toBeLessThan(0.05);
  }
  expect(new Stalls(undefined, "none").next(1000)).toBe(0);
});
