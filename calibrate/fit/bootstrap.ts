/**
 * 95 % intervals of coefficients by the bootstrap: prompt blocks (shapes that share their prefill) are drawn with
 * replacement and the same terms fitted again. Not repeats, because misfit between shapes is larger than noise within one.
 */
import { stream } from "../../sim/kernel/index.js";
import type { LinearSolver } from "./linear-solver.js";
import { quantile } from "./quantile.js";
import { solveRelative, type RelativeDesign } from "./relative-fit.js";

/** 2.5 % and 97.5 % percentiles of each coefficient, in ns, widened to hold the estimate itself. */
export function bootstrapIntervals(
  design: RelativeDesign,
  estimates: readonly number[],
  solver: LinearSolver,
  options: { readonly samples: number; readonly seed: string },
): [number, number][] {
  const random = stream(`${options.seed}/calibrate/bootstrap`);
  const blocks = Math.max(...design.blocks) + 1;
  const draws = Array.from({ length: options.samples }, () => {
    const times = new Array<number>(blocks).fill(0);
    for (let i = 0; i < blocks; i++) times[Math.floor(random() * blocks)]! += 1;
    const weights = design.blocks.map((block) => times[block]!);
    return solveRelative(design, solver, weights);
  });
  return estimates.map((estimate, term) => {
    const values = draws.map((draw) => draw[term]!);
    return [Math.min(estimate, quantile(values, 0.025)), Math.max(estimate, quantile(values, 0.975))];
  });
}
