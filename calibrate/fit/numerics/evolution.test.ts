import { evolve } from "./evolution.js";

const options = { size: [0.5, 0.5, 0.5, 0.5], evaluations: 2000, population: 20, name: "test" };
const start = [2, -1, 3, 0.5];

test("the least of a long valley is found", () => {
  const x = evolve(
    ([a, b, c, d]) => a! ** 2 + 100 * (b! - 1) ** 2 + 0.1 * (c! + 2) ** 2 + (d! - a!) ** 2,
    start,
    options,
  );
  [0, 1, -2, 0].forEach((least, i) => {
    expect(x[i]).toBeCloseTo(least, 2);
  });
});

test("bumps do not hold it", () => {
  const bumpy = (x: readonly number[]): number =>
    x.reduce((sum, at) => sum + at ** 2 + 0.3 * Math.sin(60 * at) ** 2, 0);
  const x = evolve(bumpy, start, options);
  expect(Math.hypot(...x)).toBeLessThan(0.15);
});

test("the same name gives the same, another name another", () => {
  const bowl = (x: readonly number[]): number => Math.hypot(...x);
  const few = { ...options, evaluations: 100 };
  expect(evolve(bowl, start, few)).toEqual(evolve(bowl, start, few));
  expect(evolve(bowl, start, { ...few, name: "other" })).not.toEqual(evolve(bowl, start, few));
});
