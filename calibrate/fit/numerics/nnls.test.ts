import fc from "fast-check";
import { loadLinearSolver, type LinearSolver } from "./linear-algebra.js";
import { nnls } from "./nnls.js";

let solver: LinearSolver;
beforeAll(async () => {
  solver = await loadLinearSolver();
});

const close = (got: readonly number[], expected: readonly number[]): void => {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
};

test("a solution that is positive anyway is the plain least-squares solution", () => {
  close(
    nnls(
      [
        [1, 0],
        [1, 1],
        [1, 2],
      ],
      [1, 3, 5],
      solver,
    ),
    [1, 2],
  );
});

test("a coefficient that wants to be negative is held at 0 and the others are fitted without it", () => {
  // Plain least squares gives intercept 5, slope -2; with the slope at 0 the best intercept is the mean.
  close(
    nnls(
      [
        [1, 0],
        [1, 1],
        [1, 2],
      ],
      [5, 3, 1],
      solver,
    ),
    [3, 0],
  );
});

test("the known solution of scipy's documentation example is found", () => {
  const rows = [
    [1, 0],
    [1, 0],
    [0, 1],
  ];
  close(nnls(rows, [2, 1, 1], solver), [1.5, 1]);
  close(nnls(rows, [-1, -1, -1], solver), [0, 0]);
});

test("collinear and empty columns do not break the solution", () => {
  const rows = [1, 2, 3].map((x) => [x, x, 0]);
  const [a, b, c] = nnls(rows, [2, 4, 6], solver);
  expect(a! + b!).toBeCloseTo(2, 6);
  expect(c).toBe(0);
});

test("every solution meets the Karush-Kuhn-Tucker conditions", () => {
  const value = fc.integer({ min: -1000, max: 1000 }).map((hundredths) => hundredths / 100);
  const problem = fc.integer({ min: 1, max: 5 }).chain((columns) =>
    fc.record({
      rows: fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 12 }),
      targets: fc.array(value, { minLength: 12, maxLength: 12 }),
    }),
  );
  fc.assert(
    fc.property(problem, ({ rows, targets }) => {
      const x = nnls(rows, targets, solver);
      const residual = rows.map((row, i) => targets[i]! - row.reduce((sum, a, j) => sum + a * x[j]!, 0));
      x.forEach((coefficient, j) => {
        const norm = Math.hypot(...rows.map((row) => row[j]!));
        const gradient = rows.reduce((sum, row, i) => sum + row[j]! * residual[i]!, 0) / (norm || 1);
        expect(coefficient).toBeGreaterThanOrEqual(0);
        expect(gradient).toBeLessThan(1e-3);
        if (coefficient > 1e-6) expect(Math.abs(gradient)).toBeLessThan(1e-3);
      });
    }),
    { seed: 7, numRuns: 300 },
  );
});
