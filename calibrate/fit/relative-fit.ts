/**
 * Least squares of relative errors: each cell's row is divided by its measured time, so that 5 % of a short batch weighs
 * as much as 5 % of a long one. Normal equations are kept per cell; cross-validation and the bootstrap only add them up.
 */
import type { LinearSolver } from "./linear-solver.js";
import type { FitTarget, TermShape } from "./features.js";
import { blockName, type Cell } from "./measurement.js";
import { normalEquations, solveNnls } from "./nnls.js";

/** Rows of features over measured time; the target of each is 1. */
export interface RelativeDesign {
  readonly terms: readonly TermShape[];
  /** Prompt block of each row, by number from 0: rows of one block are not independent. */
  readonly blocks: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

/** The design of those terms over those cells. */
export function relativeDesign(target: FitTarget, terms: readonly TermShape[], cells: readonly Cell[]): RelativeDesign {
  const names = [...new Set(cells.map(blockName))];
  return {
    terms,
    blocks: cells.map((cell) => names.indexOf(blockName(cell))),
    rows: cells.map((cell) => terms.map((term) => target.feature(term, cell) / target.measuredNs(cell))),
  };
}

/** Non-negative coefficients in ns, cell i counted `weights[i]` times. */
export function solveRelative(design: RelativeDesign, solver: LinearSolver, weights?: readonly number[]): number[] {
  const ones = design.rows.map(() => 1);
  return solveNnls(normalEquations(design.rows, ones, weights), solver);
}

/** Model over measured, for one row of the design. */
export function ratio(row: readonly number[], coefficients: readonly number[]): number {
  return row.reduce((sum, value, i) => sum + value * coefficients[i]!, 0);
}

/**
 * Splits terms into those that the cells can tell apart and those that they cannot (a single batch size makes `rows` a
 * multiple of `base`): a term that the ones before it explain is left out.
 */
export function splitIdentifiable(
  target: FitTarget,
  terms: readonly TermShape[],
  cells: readonly Cell[],
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
      const along = rest.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      rest = rest.map((value, i) => value - along * direction[i]!);
    }
    const length = Math.hypot(...rest);
    if (length <= 1e-6 * Math.hypot(...vector)) {
      dropped.push(term);
    } else {
      kept.push(term);
      basis.push(rest.map((value) => value / length));
    }
  });
  return { kept, dropped };
}
