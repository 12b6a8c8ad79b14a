/**
 * Non-negative least squares: the active-set method of Lawson and Hanson (1974, ch. 23) on the normal equations, as in
 * Bro and de Jong, "A fast non-negativity-constrained least squares algorithm" (1997). A fit has about six columns
 * of like kind, so with columns scaled to norm 1 the squared condition number costs nothing, and a bootstrap re-weights
 * cells without touching the rows again.
 */
import { InvariantError, greatest, least } from "../../../formats/index.js";
import { dot, type LinearSolver } from "./linear-algebra.js";

/** Normal equations of a least-squares problem: gram = A'A, moment = A'b. */
export interface NormalEquations {
  readonly gram: readonly (readonly number[])[];
  readonly moment: readonly number[];
}

/** Keeps collinear columns solvable; moves a coefficient by about this relative amount. */
const RIDGE = 1e-12;

/** x >= 0 minimising |rows * x - targets|; one row per point, one column per coefficient. */
export function nnls(rows: readonly (readonly number[])[], targets: readonly number[], solver: LinearSolver): number[] {
  return solveNnls(normalEquations(rows, targets), solver);
}

/** A'A and A'b, each row counted `weights[i]` times (1 when absent). */
export function normalEquations(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  weights?: readonly number[],
): NormalEquations {
  const columns = rows[0]?.length ?? 0;
  const gram = Array.from({ length: columns }, () => new Array<number>(columns).fill(0));
  const moment = new Array<number>(columns).fill(0);
  rows.forEach((row, point) => {
    const weight = weights?.[point] ?? 1;
    if (weight === 0) return;
    for (let i = 0; i < columns; i++) {
      const scaled = weight * row[i]!;
      if (scaled === 0) continue;
      moment[i]! += scaled * targets[point]!;
      for (let j = 0; j < columns; j++) gram[i]![j]! += scaled * row[j]!;
    }
  });
  return { gram, moment };
}

/**
 * Solves the normal equations under x >= 0. A column of zeros gets 0. Starting from a solution of like equations (`near`)
 * saves the way there; the result is a solution of these in any case.
 */
export function solveNnls({ gram, moment }: NormalEquations, solver: LinearSolver, near?: readonly number[]): number[] {
  const columns = moment.length;
  const norms = gram.map((row, i) => Math.sqrt(row[i]!));
  const scaledGram = gram.map((row, i) => row.map((value, j) => value / (norms[i]! * norms[j]! || 1)));
  const scaledMoment = moment.map((value, i) => value / (norms[i]! || 1));
  const tolerance = 1e-10 * Math.max(greatest(scaledMoment.map(Math.abs)), Number.MIN_VALUE);

  let x = new Array<number>(columns).fill(0);
  const passive = new Array<boolean>(columns).fill(false);
  const usable = norms.map((norm) => norm > 0);
  const resolve = (): number[] => solvePassive(scaledGram, scaledMoment, passive, solver);
  if (near !== undefined) {
    near.forEach((value, i) => (passive[i] = value > 0 && usable[i]!));
    x = retreat(x, resolve(), passive, resolve);
  }
  for (let round = 0; round < 10 * columns + 10; round++) {
    const gradient = scaledMoment.map((value, i) => value - dot(scaledGram[i]!, x));
    const entering = argmax(gradient, (i) => usable[i]! && !passive[i]! && gradient[i]! > tolerance);
    if (entering < 0) return x.map((value, i) => value / (norms[i]! || 1));
    passive[entering] = true;
    const next = resolve();
    // A column that the passive ones explain already comes back non-positive by rounding: leave it out for good.
    if (next[entering]! <= 0) {
      passive[entering] = false;
      usable[entering] = false;
      continue;
    }
    x = retreat(x, next, passive, resolve);
  }
  throw new InvariantError(`non-negative least squares with ${columns} columns did not converge`);
}

/** Moves from `x` towards `next` until a coefficient reaches 0, drops it, and solves again until all are positive. */
function retreat(x: number[], next: number[], passive: boolean[], resolve: () => number[]): number[] {
  let current = x;
  let target = next;
  while (target.some((value, i) => passive[i]! && value <= 0)) {
    const from = current;
    const to = target;
    const step = least(from.flatMap((a, i) => (passive[i]! && to[i]! <= 0 ? [a > 0 ? a / (a - to[i]!) : 0] : [])));
    current = from.map((a, i) => a + step * (to[i]! - a));
    passive.forEach((on, i) => {
      if (on && to[i]! <= 0 && current[i]! <= 1e-12 * Math.max(1, from[i]!)) {
        passive[i] = false;
        current[i] = 0;
      }
    });
    target = resolve();
  }
  return target;
}

function solvePassive(
  gram: readonly (readonly number[])[],
  moment: readonly number[],
  passive: readonly boolean[],
  solver: LinearSolver,
): number[] {
  const chosen = moment.flatMap((_, i) => (passive[i]! ? [i] : []));
  const x = new Array<number>(moment.length).fill(0);
  if (chosen.length === 0) return x;
  const matrix = chosen.map((i) => chosen.map((j) => gram[i]![j]! + (i === j ? RIDGE : 0)));
  const solution = solver(
    matrix,
    chosen.map((i) => moment[i]!),
  );
  chosen.forEach((i, position) => (x[i] = solution[position]!));
  return x;
}

function argmax(values: readonly number[], allowed: (index: number) => boolean): number {
  return values.reduce((best, value, i) => (allowed(i) && (best < 0 || value > values[best]!) ? i : best), -1);
}
