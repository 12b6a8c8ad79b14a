import { gaussNewton, informationOf, logsOf, slopesAt, type Miss, type PulledMisses } from "./gauss-newton.js";
import { loadLinearSolver } from "./linear-algebra.js";

const weight = 0.5;
const misses = (...logs: readonly number[]): Miss[] => logs.map((log) => ({ log, weight }));
const problem = (missesOf: PulledMisses["missesOf"], pulls = [0, 0]): PulledMisses => {
  return { missesOf, pulls, origin: [0, 0] };
};

test("slopes are those of each miss along each variable", () => {
  const slopes = slopesAt(
    logsOf(([x, y]) => misses(3 * x! - y!, 2 * y!)),
    [5, 7],
  );
  expect(slopes.flat().map((slope) => Number(slope.toFixed(9)))).toEqual([3, 0, -1, 2]);
  const { gram, information, moment } = informationOf(slopes, misses(1, 2), [0.1, 0.2]);
  [[4.5, -1.5], [-1.5, 2.5]].forEach((row, i) => { row.forEach((value, j) => {
    expect(gram[i]![j]).toBeCloseTo(value, 9);
    expect(information[i]![j]).toBeCloseTo(value + (i === j ? [0.1, 0.2][i]! : 0), 9);
  }); }); // prettier-ignore
  expect(moment.map((value) => Number(value.toFixed(9)))).toEqual([1.5, 1.5]);
});

test("two costs that mostly their sum tells apart are found at the end of their valley", async () => {
  const solver = await loadLinearSolver();
  const valley = problem(([x, y]) => misses(Math.exp(x!) + Math.exp(y!) - 3, 0.02 * (x! - y! - Math.log(2))));
  const { x, value } = gaussNewton(valley, [0.6, 0.4], { solver, steps: 10 });
  expect(x[0]).toBeCloseTo(Math.log(2), 3);
  expect(x[1]).toBeCloseTo(0, 3);
  expect(value).toBeLessThan(1e-8);
});

test("what no miss tells stays where its pull has it, and no step is farther than slopes reach", async () => {
  const solver = await loadLinearSolver();
  const far = problem(([x]) => misses(0.01 * (x! - 4)), [0, 0.001]);
  expect(gaussNewton(far, [0, 0], { solver, steps: 1 }).x[0]).toBeLessThanOrEqual(0.5);
  const { x } = gaussNewton(far, [0, 0.3], { solver, steps: 30 });
  expect(x[0]).toBeCloseTo(4, 3);
  expect(x[1]).toBeCloseTo(0, 3);
});

test("where a rough loss leads astray, the best place is kept", async () => {
  const solver = await loadLinearSolver();
  const rough = problem(([x]) => misses(1 + Math.floor(1e3 * Math.sin(1e9 * x!) ** 2)), [1e-3, 1e-3]);
  const start = [0, 0];
  expect(gaussNewton(rough, start, { solver, steps: 5 })).toEqual({ x: start, value: 0.5 });
});
