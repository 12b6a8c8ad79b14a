import { stream } from "../kernel/index.js";
import { HostStates, meanOf, normalProbability, variationFactor } from "./sampled-variation.js";

const quantiles: [number, number][] = [
  [0, 0.5],
  [0.5, 0.9],
  [0.9, 1.5],
  [1, 4],
];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function correlation(values: readonly number[], lag: number): number {
  const level = mean(values);
  const pairs = values.slice(lag).map((value, at) => (value - level) * (values[at]! - level));
  return mean(pairs) / mean(values.map((value) => (value - level) ** 2));
}

test("the mean of piecewise linear quantiles is the area under them", () => {
  // 0.5 x 0.7 + 0.4 x 1.2 + 0.1 x 2.75
  expect(meanOf(quantiles)).toBeCloseTo(1.105, 12);
});

test("factors have mean 1 and the given quantiles", () => {
  const factor = variationFactor({ quantiles });
  expect(factor(0.5) * 1.105).toBeCloseTo(0.9, 12);
  expect(factor(0.95) * 1.105).toBeCloseTo(2.75, 12);
  const grid = Array.from({ length: 100_000 }, (_, k) => factor((k + 0.5) / 100_000));
  expect(mean(grid)).toBeCloseTo(1, 6);
});

test("uniforms of the host's state are uniform, alike when near in time and not when far", () => {
  const drawAt = new HostStates([{ share: 0.8, memory_ns: 100 }], "test/host").uniform(stream("test/own"));
  const values = Array.from({ length: 100_000 }, (_, k) => drawAt(10 * k));
  const sorted = [...values].sort((a, b) => a - b);
  for (const p of [0.05, 0.5, 0.95]) expect(sorted[p * 100_000]!).toBeCloseTo(p, 1.5);
  expect(correlation(values, 1)).toBeGreaterThan(0.6);
  expect(correlation(values, 1)).toBeLessThan(0.8);
  expect(Math.abs(correlation(values, 60))).toBeLessThan(0.06);
});

describe("what shares the host", () => {
  const INTERRUPTED = 0.03;
  const states = [{ share: 0.8, memory_ns: 100 }];

  it("is slow at the same times", () => {
    const host = new HostStates(states, "test/shared");
    const [one, other] = [host.uniform(stream("test/one")), host.uniform(stream("test/other"))];
    const pairs = Array.from({ length: 20_000 }, (_, k) => [one(500 * k) - 0.5, other(500 * k) - 0.5] as const);
    // Two uniforms that share 0.8 of their normal score.
    const shared = mean(pairs.map(([a, b]) => a * b)) / mean(pairs.map(([a]) => a * a));
    expect(shared).toBeCloseTo((6 / Math.PI) * Math.asin(0.8 / 2), 1.5);
  });

  it("is interrupted by itself", () => {
    const host = new HostStates(states, "test/interrupted", INTERRUPTED);
    const [one, other] = [host.uniform(stream("test/one")), host.uniform(stream("test/other"))];
    const drawn = Array.from({ length: 100_000 }, (_, k) => [one(k), other(k)] as const);
    const isLong = (u: number): boolean => u > 1 - INTERRUPTED;
    const long = drawn.filter(([a]) => isLong(a));
    expect(long.length / drawn.length).toBeCloseTo(INTERRUPTED, 2.5);
    const after = drawn.slice(1).filter((_, k) => isLong(drawn[k]![0]));
    expect(after.filter(([a]) => isLong(a)).length / after.length).toBeCloseTo(INTERRUPTED, 1.5);
    expect(long.filter(([, b]) => isLong(b)).length / long.length).toBeCloseTo(INTERRUPTED, 1.5);
  });

  it("finds the host as it is, whoever asked before and when", () => {
    const levelAt = (asked: readonly number[]): number => {
      const host = new HostStates([{ share: 1, memory_ns: 100 }], "test/path");
      const uniform = host.uniform(stream("test/own"));
      return asked.map((atNs) => uniform(atNs)).at(-1)!;
    };
    expect(levelAt([3, 700, 701, 1200])).toBe(levelAt([1200]));
    expect(levelAt([5000, 4999])).toBe(levelAt([4999]));
    expect(levelAt([1e9])).toBe(levelAt([1e9]));
  });
});

test("the normal distribution function is that of the tables", () => {
  expect(normalProbability(0)).toBeCloseTo(0.5, 7);
  expect(normalProbability(1.959964)).toBeCloseTo(0.975, 6);
  expect(normalProbability(-1)).toBeCloseTo(0.158655, 6);
});
