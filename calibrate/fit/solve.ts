/**
 * Solves a square system of linear equations: LU decomposition with partial pivoting (Golub and Van Loan, "Matrix
 * Computations", 4th ed., 3.4). Fits have at most some twenty unknowns and solve hundreds of thousands of systems.
 */
import { InvariantError } from "../../formats/index.js";

/** The x of matrix * x = rhs; throws InvariantError when the matrix is singular. */
export function solve(matrix: readonly (readonly number[])[], rhs: readonly number[]): number[] {
  const rows = matrix.map((row) => row.slice());
  const x = rhs.slice();
  for (let column = 0; column < x.length; column++) {
    eliminate(rows, column);
    const pivot = pivotOf(rows, column);
    const pivotRow = rows[pivot]!;
    const pivotValue = pivotRow[column]!;
    if (pivotValue === 0) throw new InvariantError(`a system of ${x.length} linear equations is singular`);
    [rows[pivot], rows[column]] = [rows[column]!, pivotRow];
    [x[pivot], x[column]] = [x[column]!, x[pivot]!];
    for (let i = column + 1; i < x.length; i++) rows[i]![column]! /= pivotValue;
  }
  substitute(rows, x);
  return x;
}

/** Takes what the columns before explain out of a column (Crout's order). */
function eliminate(rows: readonly number[][], column: number): void {
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i]!;
    const end = Math.min(i, column);
    let explained = 0;
    for (let k = 0; k < end; k++) explained += row[k]! * rows[k]![column]!;
    row[column]! -= explained;
  }
}

function pivotOf(rows: readonly (readonly number[])[], column: number): number {
  let pivot = column;
  for (let i = column + 1; i < rows.length; i++) {
    if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
  }
  return pivot;
}

/** Turns the right-hand side `x`, in the order of the rows, into the solution: forward through L, whose diagonal is 1, back through U. */
function substitute(rows: readonly (readonly number[])[], x: number[]): void {
  for (let j = 0; j < x.length; j++) {
    for (let i = j + 1; i < x.length; i++) x[i]! -= x[j]! * rows[i]![j]!;
  }
  for (let j = x.length - 1; j >= 0; j--) {
    x[j]! /= rows[j]![j]!;
    for (let i = j - 1; i >= 0; i--) x[i]! -= x[j]! * rows[i]![j]!;
  }
}
