import { nelderMead } from "./nelder-mead.js";

const quadratic = (x: readonly number[]): number =>
  1 + x.reduce((sum, value, at) => sum + (at + 1) * (value - at) ** 2, 0);

/** Rosenbrock's valley: 0 at (1, 1). */
const valley = (x: readonly number[]): number => (1 - x[0]!) ** 2 + 100 * (x[1]! - x[0]! ** 2) ** 2;

test.each([1, 2, 4])("finds the minimum of a quadratic of %i variables", (n) => {
  const start = Array.from({ length: n }, () => 3.3);
  const options = { size: start.map(() => 0.4), evaluations: 2000, tolerance: 1e-12 };
  const { x, value } = nelderMead(quadratic, start, options);
  expect(value).toBeCloseTo(1, 9);
  x.forEach((found, at) => {
    expect(found).toBeCloseTo(at, 4);
  });
});

test("follows Rosenbrock's valley to its end", () => {
  const { x } = nelderMead(valley, [-1.2, 1], { size: [0.5, 0.5], evaluations: 1000, tolerance: 1e-10 });
  expect(x[0]).toBeCloseTo(1, 5);
  expect(x[1]).toBeCloseTo(1, 5);
});

test("does the same trials each time, and no more than allowed but for a last step", () => {
  const trialsOf = (): (readonly number[])[] => {
    const trials: (readonly number[])[] = [];
    const of = (x: readonly number[]): number => {
      trials.push(x);
      return valley(x);
    };
    nelderMead(of, [-1.2, 1], { size: [0.5, 0.5], evaluations: 50 });
    return trials;
  };
  const trials = trialsOf();
  expect(trialsOf()).toEqual(trials);
  expect(trials.length).toBeGreaterThanOrEqual(50);
  // A step tries two points, and where both are bad shrinks the others.
  expect(trials.length).toBeLessThan(50 + 4);
});

test("returns the best that was tried", () => {
  let best = Infinity;
  const of = (x: readonly number[]): number => {
    const value = valley(x);
    best = Math.min(best, value);
    return value;
  };
  const { x, value } = nelderMead(of, [-1.2, 1], { size: [0.5, 0.5], evaluations: 37 });
  expect(value).toBe(best);
  expect(valley(x)).toBe(best);
});
