/** Where a fit takes its linear algebra from. */
import { solve } from "./solve.js";

/** Solves the square system matrix * x = rhs; throws when the matrix is singular. */
export type LinearSolver = typeof solve;

export function loadLinearSolver(): Promise<LinearSolver> {
  return Promise.resolve(solve);
}
