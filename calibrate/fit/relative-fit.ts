/**
 * Least squares of relative errors: each cell's row is divided by its measured time, so that 5 % of a short batch weighs
 * as much as 5 % of a long one. Times cells' weights; the rest is normal equations, which cross-validation and the
 * bootstrap only add up.
 */
import { dot, normalEquations, solveNnls, type LinearSolver } from "./numerics/index.js";
import { norm } from "../../formats/index.js";
import type { FitTarget, TermShape } from "./features.js";
import { huberWeights } from "./weights.js";

/** Rows of features over measured time; the target of each is 1. */
export interface RelativeDesign {
  /** Prompt block of each row, by number from 0: rows of one block are not independent. */
  readonly blocks: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

/** The design of those terms over those cells. */
export function relativeDesign<C>(
  target: FitTarget<C>,
  terms: readonly TermShape[],
  cells: readonly C[],
): RelativeDesign {
  return {
    blocks: blocksOf(target, cells),
    rows: cells.map((cell) => terms.map((term) => target.feature(term, cell) / target.measuredNs(cell))),
  };
}

/** Number of each cell's block, from 0. */
export function blocksOf<C>(target: FitTarget<C>, cells: readonly C[]): number[] {
  const numbers = new Map<string, number>();
  return cells.map((cell) => {
    const name = target.blockOf(cell);
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
}

const HUBER_ROUNDS = 5;

/**
 * Non-negative coefficients in ns, with cells far off the model counting less (weights.ts), and the weights behind them;
 * starts from the given weights.
 */
export function solveRobust(
  design: RelativeDesign,
  solver: LinearSolver,
  weights: readonly number[],
): { readonly coefficients: readonly number[]; readonly weights: readonly number[] } {
  const ones = design.rows.map(() => 1);
  const solve = (by: readonly number[]): number[] => solveNnls(normalEquations(design.rows, ones, by), solver);
  let [coefficients, robust] = [solve(weights), weights];
  for (let round = 0; round < HUBER_ROUNDS; round++) {
    const factors = huberWeights(design.rows.map((row) => dot(row, coefficients) - 1));
    robust = weights.map((weight, i) => weight * factors[i]!);
    coefficients = solve(robust);
  }
  return { coefficients, weights: robust };
}

/**
 * Splits terms into those that the cells can tell apart and those that they cannot (a single batch size makes `rows` a
 * multiple of `base`): a term that the ones before it explain is left out.
 */
export function splitIdentifiable<C>(
  target: FitTarget<C>,
  terms: readonly TermShape[],
  cells: readonly C[],
): { readonly kept: TermShape[]; readonly dropped: TermShape[] } {
  const design = relativeDesign(target, terms, cells);
  const basis: number[][] = [];
  const kept: TermShape[] = [];
  const dropped: TermShape[] = [];
  terms.forEach((term, column) => {
    const vector = design.rows.map((row) => row[column]!);
    let rest = vector;
    // Twice, because one Gram-Schmidt pass leaves rounding of the order of what is being judged.
    for (const direction of [...basis, ...basis]) {
      const along = dot(rest, direction);
      rest = rest.map((value, i) => value - along * direction[i]!);
    }
    const length = norm(rest);
    if (length <= 1e-6 * norm(vector)) {
      dropped.push(term);
    } else {
      kept.push(term);
      basis.push(rest.map((value) => value / length));
    }
  });
  return { kept, dropped };
}
