import fc from "fast-check";
import { solve } from "./solve.js";

test("the solution of a system of two equations", () => {
  // 2x + y = 5, x + 3y = 10.
  expect(solve([[2, 1], [1, 3]], [5, 10])).toEqual([1, 3]); // prettier-ignore
});

test("rows are exchanged where the diagonal is 0, or so small that dividing by it would lose the rest", () => {
  expect(solve([[0, 1], [1, 0]], [2, 3])).toEqual([3, 2]); // prettier-ignore
  const [x, y] = solve([[1e-20, 1], [1, 1]], [1, 2]); // prettier-ignore
  expect([x, y]).toEqual([1, 1]);
});

test("neither the matrix nor the right-hand side is changed", () => {
  const matrix = [[0, 1], [1, 2]]; // prettier-ignore
  const rhs = [2, 3];
  solve(matrix, rhs);
  expect({ matrix, rhs }).toEqual({ matrix: [[0, 1], [1, 2]], rhs: [2, 3] }); // prettier-ignore
});

test("a system whose rows say the same twice is rejected", () => {
  expect(() => solve([[1, 2], [2, 4]], [1, 2])).toThrow("a system of 2 linear equations is singular"); // prettier-ignore
});

test("small numbers are solved as well as large ones", () => {
  expect(solve([[2e-20, 0], [0, 4e-20]], [2e-20, 2e-20])).toEqual([1, 0.5]); // prettier-ignore
});

test("the solution of a system that dominates its diagonal satisfies every equation", () => {
  const system = fc.integer({ min: 1, max: 12 }).chain((size) => {
    const row = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size });
    return fc.record({ rows: fc.array(row, { minLength: size, maxLength: size }), rhs: row });
  });
  fc.assert(
    fc.property(system, ({ rows, rhs }) => {
      const matrix = rows.map((row, i) => row.map((value, j) => (i === j ? value + row.length + 1 : value)));
      const x = solve(matrix, rhs);
      matrix.forEach((row, i) => {
        const left = row.reduce((sum, value, j) => sum + value * x[j]!, 0);
        expect(Math.abs(left - rhs[i]!)).toBeLessThan(1e-13);
      });
    }),
  );
});
