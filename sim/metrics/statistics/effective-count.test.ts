import fc from "fast-check";
import { exponential, normal, stream } from "../../kernel/index.js";
import { effectiveCount } from "./effective-count.js";

/** A first-order autoregression: tau is (1 + phi) / (1 - phi). */
function ar1(phi: number, count: number, seed: string): Float64Array {
  const random = stream(`${seed}/0/ar1`);
  let value = normal(random) / Math.sqrt(1 - phi * phi);
  return Float64Array.from({ length: count }, () => (value = phi * value + normal(random)));
}

/** Waiting times of an M/M/1 queue, by Lindley's recursion. */
function mm1Waits(load: number, count: number, seed: string): Float64Array {
  const random = stream(`${seed}/0/mm1`);
  let wait = 0;
  const next = (): number => (wait = Math.max(0, wait + load * exponential(random) - exponential(random)));
  for (let warmUp = 0; warmUp < 5_000; warmUp++) next();
  return Float64Array.from({ length: count }, next);
}

/** tau of these waiting times: Daley, "The serial correlation coefficients of waiting times ...", 1968. */
const mm1Tau = (load: number): number => (2 + 5 * load - 4 * load ** 2 + load ** 3) / ((2 - load) * (1 - load) ** 2);

function meanTau(series: readonly Float64Array[]): number {
  return series.reduce((sum, values) => sum + values.length / effectiveCount(values), 0) / series.length;
}

/** The same by the formula, lag by lag, of a series too short for batches. */
function lagByLag(values: Float64Array): number {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / n;
  const correlation = (lag: number): number => {
    let products = 0;
    for (let at = lag; at < n; at++) products += (values[at]! - mean) * (values[at - lag]! - mean);
    return products / (n - lag) / variance;
  };
  if (n < 2 || variance <= (mean * 1e-12) ** 2) return n;
  let [tau, lag] = [1, 0];
  while (lag < Math.floor(n / 3) && lag < 5 * tau) tau += 2 * correlation(++lag);
  const isAlike = lag > 0 && correlation(1) >= 2 / Math.sqrt(n);
  const time = isAlike ? Math.max(1, tau) * (1 + (2 * lag + 1) / n) : 1;
  return Math.min(n, variance / ((variance * time) / n));
}

const seeds = Array.from({ length: 8 }, (_, seed) => String(seed));

describe("effectiveCount", () => {
  it.each([
    [0, 1_000],
    [0.5, 1_000],
    [0.9, 4_000],
    [0.9, 20_000],
    [0.99, 60_000],
  ])("is what theory says of an autoregression with %p over %p values", (phi, count) => {
    const expected = (1 + phi) / (1 - phi);
    const found = meanTau(seeds.map((seed) => ar1(phi, count, seed)));
    expect(found / expected).toBeGreaterThan(0.9);
    expect(found / expected).toBeLessThan(1.15);
  });

  it.each([
    [0.5, 20_000],
    [0.8, 50_000],
    [0.9, 150_000],
  ])("is what theory says of an M/M/1 queue at load %p over %p requests", (load, count) => {
    const found = meanTau(seeds.map((seed) => mm1Waits(load, count, seed)));
    expect(found / mm1Tau(load)).toBeGreaterThan(0.8);
    expect(found / mm1Tau(load)).toBeLessThan(1.3);
  });

  it("leaves next to nothing of a short run near capacity, however many requests it has", () => {
    // tau is 1500 at 95 %: a thousand requests are not one independent one, and no percentile may be told from them
    const counts = seeds.map((seed) => effectiveCount(mm1Waits(0.95, 1_000, seed))).sort((a, b) => a - b);
    expect(counts[4]!).toBeLessThan(15);
    expect(counts.at(-1)!).toBeLessThan(40);
  });

  it("leaves a handful of a queue that grows as long as the run goes on", () => {
    const random = stream("1/0/growing");
    const waits = Float64Array.from({ length: 5_000 }, (_, index) => index / 100 + random());
    expect(effectiveCount(waits)).toBeLessThan(6);
  });

  it("goes by the batches of a long series as by the values of a short one", () => {
    const long = ar1(0.9, 200_000, "long");
    expect(effectiveCount(long) / (200_000 / 19)).toBeGreaterThan(0.85);
    expect(effectiveCount(long) / (200_000 / 19)).toBeLessThan(1.15);
  });

  it("counts independent values one by one, mostly, however few", () => {
    const random = stream("1/0/independent");
    const series = Array.from({ length: 100 }, () => Float64Array.from({ length: 40 }, () => exponential(random)));
    expect(series.filter((values) => effectiveCount(values) < 36).length).toBeLessThan(10);
  });

  it("is the number that summing lag by lag gives, to the last bit", () => {
    const series = fc.record({
      phi: fc.double({ min: 0, max: 0.999, noNaN: true }),
      count: fc.nat(400),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(series, ({ phi, count, seed }) => {
        const values = ar1(phi, count, String(seed));
        expect(effectiveCount(values)).toBe(lagByLag(values));
      }),
    );
  });

  it("is the number of values that are equal, alternate, or are one or none", () => {
    expect(effectiveCount(new Float64Array(10).fill(3))).toBe(10);
    expect(effectiveCount(Float64Array.from({ length: 100 }, (_, at) => at % 2))).toBeLessThanOrEqual(100);
    expect([effectiveCount(new Float64Array(0)), effectiveCount(new Float64Array(1))]).toEqual([0, 1]);
  });
});
