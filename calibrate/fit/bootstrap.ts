/**
 * Coefficients that the measurements allow as well, by the bootstrap: prompt blocks (shapes that share their prefill) are
 * drawn with replacement and the same terms fitted again. Not repeats, because misfit between shapes is larger than noise
 * within one. Equations are summed per block once, so a draw costs its blocks and not its cells.
 */
import { stream } from "../../sim/kernel/index.js";
import { quantileOf } from "../../sim/metrics/index.js";
import { grouped, normalEquations, solveNnls, type LinearSolver, type NormalEquations } from "./numerics/index.js";
import type { RelativeDesign } from "./relative-fit.js";

/** Coefficients in ns, a row per draw. `weights` are those of the fit. */
export function bootstrapDraws(
  design: RelativeDesign,
  weights: readonly number[],
  solver: LinearSolver,
  options: { readonly samples: number; readonly seed: string },
): number[][] {
  const random = stream(`${options.seed}/calibrate/bootstrap`);
  const blocks = blockEquations(design, weights);
  return Array.from({ length: options.samples }, () => {
    const times = new Array<number>(blocks.length).fill(0);
    blocks.forEach(() => (times[Math.floor(random() * blocks.length)]! += 1));
    return solveNnls(sumEquations(blocks, times), solver);
  });
}

/** 2.5 % and 97.5 % percentiles of each coefficient, in ns, widened to hold the estimate itself. */
export function intervalsOf(draws: readonly (readonly number[])[], estimates: readonly number[]): [number, number][] {
  return estimates.map((estimate, term) => {
    const values = draws.map((draw) => draw[term]!);
    if (values.length === 0) return [estimate, estimate];
    return [Math.min(estimate, quantileOf(values, 0.025)), Math.max(estimate, quantileOf(values, 0.975))];
  });
}

function blockEquations(design: RelativeDesign, weights: readonly number[]): NormalEquations[] {
  const cellsOf = grouped(design.blocks.keys(), (cell) => design.blocks[cell]!);
  return [...cellsOf.values()].map((cells) =>
    normalEquations(
      cells.map((cell) => design.rows[cell]!),
      cells.map(() => 1),
      cells.map((cell) => weights[cell]!),
    ),
  );
}

function sumEquations(blocks: readonly NormalEquations[], times: readonly number[]): NormalEquations {
  const columns = blocks[0]!.moment.length;
  const gram = Array.from({ length: columns }, () => new Array<number>(columns).fill(0));
  const moment = new Array<number>(columns).fill(0);
  blocks.forEach((block, number) => {
    const weight = times[number]!;
    if (weight === 0) return;
    for (let i = 0; i < columns; i++) {
      const [row, own] = [gram[i]!, block.gram[i]!];
      moment[i]! += weight * block.moment[i]!;
      for (let j = 0; j < columns; j++) row[j]! += weight * own[j]!;
    }
  });
  return { gram, moment };
}
