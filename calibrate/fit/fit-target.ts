/** Fits the terms of one target: which can be told apart, where they bend, coefficients, and what else would fit as well. */
import { defined, type CostTerm } from "../../formats/index.js";
import { bootstrapDraws, intervalsOf } from "./bootstrap.js";
import type { FitTarget, Phase, TermShape } from "./features.js";
import { chooseKnots } from "./knots.js";
import type { LinearSolver } from "./numerics/index.js";
import { relativeDesign, solveRobust, splitIdentifiable } from "./relative-fit.js";
import { varianceWeights } from "./weights.js";

export interface TargetOptions {
  readonly seed: string;
  readonly bootstrapSamples: number;
  /** Straight terms alone, without knots and switches. */
  readonly plain: boolean;
}

/** Terms of one phase, and their coefficients in each bootstrap draw (a row a draw, in the order of the terms). */
export interface PhaseFit {
  readonly terms: readonly CostTerm[];
  readonly draws: readonly (readonly number[])[];
}

export interface TargetFit {
  readonly phases: Readonly<Partial<Record<Phase, PhaseFit>>>;
  readonly warnings: readonly string[];
}

/** Fits the cells that the target applies to; a phase that no cell has costs 0, with a warning. */
export function fitTarget<C>(
  target: FitTarget<C>,
  allCells: readonly C[],
  solver: LinearSolver,
  { seed, bootstrapSamples, plain }: TargetOptions,
): TargetFit {
  const cells = allCells.filter((cell) => target.applies(cell));
  const unmeasured = target.phases.filter((phase) => !cells.some((cell) => target.tells(phase, cell)));
  const free: PhaseFit = { terms: [{ basis: "base", coefficient_ns: 0 }], draws: [] };
  const freePhases = Object.fromEntries(unmeasured.map((phase) => [phase, free]));
  const freeWarnings = unmeasured.map((phase) =>
    phase === "decode_step"
      ? `${phase}: no shape with decode steps was measured, so a step is assumed to cost 0`
      : `${phase}: nothing was measured that tells of it, so it is assumed to cost 0`,
  );
  const phases = target.phases.filter((phase) => !unmeasured.includes(phase));
  if (phases.length === 0) return { phases: freePhases, warnings: freeWarnings };

  const isMeasured = ({ phase }: { readonly phase: Phase }): boolean => phases.includes(phase);
  const measured: FitTarget<C> = {
    ...target,
    phases,
    bends: target.bends.filter(isMeasured),
    switches: target.switches.filter(isMeasured),
  };
  const asked = target.terms.filter(isMeasured);
  const { kept, dropped } = splitIdentifiable(measured, asked, cells);
  const weights = varianceWeights(measured, cells);
  const shapes = plain ? kept : chooseKnots(measured, kept, cells, solver, { seed, weights });
  const design = relativeDesign(measured, shapes, cells);
  const fit = solveRobust(design, solver, weights);
  const draws = bootstrapDraws(design, fit.weights, solver, { samples: bootstrapSamples, seed });
  const intervals = intervalsOf(draws, fit.coefficients);
  const used = shapes.map((_, i) => i).filter((i) => fit.coefficients[i]! > 0);
  const phaseFits = phases.map((phase): [Phase, PhaseFit] => {
    const own = used.filter((i) => shapes[i]!.phase === phase);
    const terms = own.map((i) => costTerm(shapes[i]!, fit.coefficients[i]!, intervals[i]!));
    return [
      phase,
      own.length === 0 ? free : { terms, draws: draws.map((draw) => own.map((i) => digits(draw[i]!, 4))) },
    ];
  });
  return {
    phases: { ...freePhases, ...Object.fromEntries(phaseFits) },
    warnings: [...freeWarnings, ...dropped.map((term) => explainDropped(target, term, kept))],
  };
}

/** Six digits, which is more than any measurement has. */
function costTerm(
  { basis, upto, beyond, rows_upto, rows_beyond }: TermShape,
  coefficientNs: number,
  interval: readonly [number, number],
): CostTerm {
  return {
    basis,
    ...defined({ upto, beyond, rows_upto, rows_beyond }),
    coefficient_ns: digits(coefficientNs, 6),
    ci95_ns: [digits(interval[0], 6), digits(interval[1], 6)],
  };
}

function digits(value: number, count: number): number {
  return Number(value.toPrecision(count));
}

function explainDropped<C>(target: FitTarget<C>, term: TermShape, kept: readonly TermShape[]): string {
  const nameOf = ({ phase, basis }: TermShape): string => (target.phases.length > 1 ? `${phase} ${basis}` : basis);
  return (
    `${target.name}: the shapes measured cannot tell "${nameOf(term)}" from ${kept.map(nameOf).join(", ")}, so it was ` +
    `left out; the profile is valid for batches like those measured (measure more batch sizes and prompt lengths to separate them)`
  );
}
