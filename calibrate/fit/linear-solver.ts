/**
 * The linear algebra of the fit comes from mathjs. Importing it takes about 0.8 s, so this is the one file that does,
 * and only when a fit is asked for; everything else takes the solver as an argument and stays synchronous.
 */

/** Solves the square system matrix * x = rhs; throws when the matrix is singular. */
export type LinearSolver = (matrix: number[][], rhs: number[]) => number[];

/** Imports mathjs and returns its LU solver on plain arrays. */
export async function loadLinearSolver(): Promise<LinearSolver> {
  const { lusolve } = await import("mathjs");
  return (matrix, rhs) => (lusolve(matrix, rhs) as number[][]).map((row) => row[0]!);
}
