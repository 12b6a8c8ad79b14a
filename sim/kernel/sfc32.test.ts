import { normalQuantile } from "./normal-quantile.js";
import { bulkDraws } from "./bulk-draws.js";
import { Sfc32 } from "./sfc32.js";

const DRAWS = 200_000;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const draws = (draw: () => number): number[] => Array.from({ length: DRAWS }, draw);

test("one name gives the same numbers, another name others", () => {
  const few = (name: string): number[] => {
    const random = Sfc32.named(name);
    return Array.from({ length: 5 }, () => random.integer());
  };
  expect(few("1/0/gpu")).toEqual(few("1/0/gpu"));
  expect(few("1/0/gpu")).not.toEqual(few("2/0/gpu"));
});

test("integers are those of sfc32", () => {
  // From a = b = c = 0, counter 1, after 15 steps; computed with 64-bit integers and masks.
  const random = new Sfc32(0, 0, 0);
  expect([random.integer(), random.integer(), random.integer()].map((value) => value >>> 0)).toEqual([
    4216505632, 947923937, 2491578854,
  ]);
});

test("uniforms fill 0 to 1 evenly", () => {
  const random = Sfc32.named("uniform");
  const counts = new Array<number>(10).fill(0);
  for (let draw = 0; draw < DRAWS; draw++) counts[Math.floor(10 * random.uniform())]!++;
  // Five standard deviations of a count.
  for (const count of counts) expect(Math.abs(count - DRAWS / 10)).toBeLessThan(5 * Math.sqrt(DRAWS * 0.09));
});

test("normals have the moments and tails of a normal", () => {
  const random = Sfc32.named("normal");
  const values = draws(() => random.normal());
  expect(Math.abs(mean(values))).toBeLessThan(0.01);
  expect(Math.abs(mean(values.map((value) => value ** 2)) - 1)).toBeLessThan(0.02);
  expect(Math.abs(mean(values.map((value) => value ** 4)) - 3)).toBeLessThan(0.15);
  const above = (score: number): number => mean(values.map((value) => Number(value > score)));
  expect(above(1.6448536)).toBeCloseTo(0.05, 2);
  expect(above(3)).toBeGreaterThan(0.0008);
  expect(above(3)).toBeLessThan(0.002);
});

test("a walk takes the steps that single draws give", () => {
  const [one, whole] = [Sfc32.named("walk"), Sfc32.named("walk")];
  const { walked } = bulkDraws();
  for (const steps of [1024, 4, 1]) {
    whole.walk(steps, 3, 0.9, 0.5);
    let expected = 3;
    for (const value of walked.subarray(0, steps)) {
      expect(value).toBe(expected);
      expected = 0.9 * expected + 0.5 * one.normal();
    }
    expect(walked[steps]).toBe(expected);
  }
  expect(whole.integer()).toBe(one.integer());
});

test("normals in bulk are those of single draws", () => {
  const [one, whole] = [Sfc32.named("normals"), Sfc32.named("normals")];
  const values = new Float64Array(1000);
  for (let block = 0; block < 20; block++) {
    whole.normals(values, 3);
    for (const value of values) expect(value).toBe(3 * one.normal());
  }
});

test("failures before a success are geometric; without a chance there is no end of them", () => {
  const random = Sfc32.named("failures");
  const values = draws(() => random.failures(0.2));
  expect(mean(values)).toBeCloseTo(4, 0.9);
  expect(mean(values.map((value) => Number(value === 0)))).toBeCloseTo(0.2, 2);
  expect([random.failures(1), random.failures(0)]).toEqual([0, Infinity]);
});

test("the quantiles of the normal are those of the tables, on both sides", () => {
  // 0.975, 0.99 in the centre and beyond; 1e-10 in the tail.
  expect(normalQuantile(0.5)).toBe(0);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
  expect(normalQuantile(0.01)).toBeCloseTo(-2.3263478740408408, 12);
  expect(normalQuantile(1e-13)).toBeCloseTo(-7.348796102800983, 9);
  expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 11);
});
