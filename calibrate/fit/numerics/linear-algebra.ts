/** The linear algebra of the fits: the solver of mathjs, and the few operations on plain arrays that they need. */

/** Solves the square system matrix * x = rhs; throws when the matrix is singular. */
export type LinearSolver = (matrix: number[][], rhs: number[]) => number[];

/**
 * Imports mathjs and returns its LU solver on plain arrays. The import takes about 0.8 s, so it happens only here, when a fit
 * is asked for; everything else takes the solver as an argument and stays synchronous.
 */
export async function loadLinearSolver(): Promise<LinearSolver> {
  const { lusolve } = await import("mathjs");
  return (matrix, rhs) => (lusolve(matrix, rhs) as number[][]).map((row) => row[0]!);
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** The matrix with a number added to each element of its diagonal. */
export function withDiagonal(matrix: readonly (readonly number[])[], added: (i: number) => number): number[][] {
  return matrix.map((row, i) => row.map((value, j) => (i === j ? value + added(i) : value)));
}

/**
 * The lower triangular root of a covariance: a matrix L with L L' = C (Cholesky and Banachiewicz). C need only be positive
 * semidefinite: rows that rounding leaves without variance of their own get none.
 */
export function cholesky(covariance: readonly (readonly number[])[]): number[][] {
  const root = covariance.map((row) => row.map(() => 0));
  covariance.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      let rest = row[j]!;
      for (let k = 0; k < j; k++) rest -= root[i]![k]! * root[j]![k]!;
      if (i === j) root[i]![i] = Math.sqrt(Math.max(0, rest));
      else root[i]![j] = root[j]![j]! > 0 ? rest / root[j]![j]! : 0;
    }
  });
  return root;
}
