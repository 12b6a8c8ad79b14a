/**
 * Minimises a function of several variables without derivatives: Nelder and Mead, "A simplex method for function
 * minimization" (1965), with the coefficients that depend on the dimension of Gao and Han (2012). Deterministic.
 */

export interface Minimum {
  readonly x: readonly number[];
  readonly value: number;
}

/**
 * `size`: length of the first simplex along each variable. Stops when the values of the simplex differ by less than the
 * fraction `tolerance`.
 */
export function nelderMead(
  of: (x: readonly number[]) => number,
  start: readonly number[],
  { size, evaluations, tolerance = 1e-4 }: { size: readonly number[]; evaluations: number; tolerance?: number },
): Minimum {
  const n = start.length;
  const [expansion, contraction, shrinkage] = [1 + 2 / n, 0.75 - 1 / (2 * n), 1 - 1 / n];
  let left = evaluations;
  const at = (x: readonly number[]): Minimum => {
    left--;
    return { x, value: of(x) };
  };
  const simplex = [at(start), ...start.map((_, i) => at(start.map((x, j) => (i === j ? x + size[i]! : x))))];
  for (;;) {
    simplex.sort((a, b) => a.value - b.value);
    const [best, worst] = [simplex[0]!, simplex[n]!];
    if (left <= 0 || worst.value - best.value <= tolerance * Math.abs(best.value)) return best;
    const centre = start.map((_, i) => simplex.slice(0, n).reduce((sum, { x }) => sum + x[i]!, 0) / n);
    const along = (factor: number): Minimum => at(centre.map((c, i) => c + factor * (worst.x[i]! - c)));
    const reflected = along(-1);
    if (reflected.value < best.value) {
      const expanded = along(-expansion);
      simplex[n] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[n - 1]!.value) {
      simplex[n] = reflected;
    } else {
      const contracted = along(reflected.value < worst.value ? -contraction : contraction);
      if (contracted.value < Math.min(worst.value, reflected.value)) simplex[n] = contracted;
      else for (let i = 1; i <= n; i++) simplex[i] = at(simplex[i]!.x.map((x, j) => best.x[j]! + shrinkage * (x - best.x[j]!))); // prettier-ignore
    }
  }
}
