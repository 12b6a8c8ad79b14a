/**
 * Where the model bends. On a CPU a matrix-vector product (one row) and wide products differ, so time against rows may
 * be concave, convex or both. A knot splits a term into segments, each with its own slope; knots are added one at a time while
 * cross-validation over prompt blocks says that they predict cells left out better, by more than chance and by more than 15 %.
 */
import { stream } from "../../sim/kernel/index.js";
import type { FitTarget, TermShape } from "./features.js";
import type { LinearSolver } from "./linear-solver.js";
import type { Cell } from "./measurement.js";
import { ratio, relativeDesign, solveRelative } from "./relative-fit.js";

const FOLDS = 8;
const MAX_KNOTS = 2;
const MAX_CANDIDATES = 6;
const LEAST_GAIN_FRACTION = 0.15;

/** The given terms, some bent at knots among the levels measured; deterministic for a seed. */
export function chooseKnots(
  target: FitTarget,
  terms: readonly TermShape[],
  cells: readonly Cell[],
  solver: LinearSolver,
  seed: string,
): TermShape[] {
  const folds = foldsOf(relativeDesign(target, terms, cells).blocks, seed);
  const errorsOf = (candidate: readonly TermShape[]): number[] =>
    crossValidate(target, candidate, cells, solver, folds);
  let chosen = [...terms];
  let errors = errorsOf(chosen);
  for (let knots = 0; knots < MAX_KNOTS; knots++) {
    const trials = bentModels(target, chosen, cells).map((model) => ({ model, errors: errorsOf(model) }));
    const best = trials.reduce<(typeof trials)[number] | undefined>(
      (winner, trial) => (winner === undefined || mean(trial.errors) < mean(winner.errors) ? trial : winner),
      undefined,
    );
    if (best === undefined || !isBetter(best.errors, errors)) break;
    chosen = best.model;
    errors = best.errors;
  }
  return chosen;
}

/** Every model with one knot more than the given one. */
function bentModels(target: FitTarget, terms: readonly TermShape[], cells: readonly Cell[]): TermShape[][] {
  return target.knots.flatMap(({ term: { basis }, level }) => {
    const present = terms.filter((term) => term.basis === basis);
    if (present.length === 0) return [];
    const others = terms.filter((term) => term.basis !== basis);
    const knots = present.flatMap((term) => (term.upto === undefined ? [] : [term.upto]));
    return candidateLevels(cells.map(level))
      .filter((knot) => !knots.includes(knot))
      .map((knot) => [...others, ...segments(basis, [...knots, knot])]);
  });
}

/** A term cut at knots: up to the first, between each two, beyond the last. */
function segments(basis: TermShape["basis"], knots: readonly number[]): TermShape[] {
  const cuts = [...knots].sort((a, b) => a - b);
  return [undefined, ...cuts].map((from, i) => ({
    basis,
    ...(from === undefined ? {} : { beyond: from }),
    ...(cuts[i] === undefined ? {} : { upto: cuts[i] }),
  }));
}

/** Levels strictly inside the measured range, thinned evenly when there are many. */
function candidateLevels(levels: readonly number[]): number[] {
  const inner = [...new Set(levels)].sort((a, b) => a - b).slice(1, -1);
  if (inner.length <= MAX_CANDIDATES) return inner;
  return Array.from(
    { length: MAX_CANDIDATES },
    (_, i) => inner[Math.round(((i + 0.5) / MAX_CANDIDATES) * inner.length - 0.5)]!,
  );
}

/** Absolute relative error of each cell, predicted by a fit to the other folds. */
function crossValidate(
  target: FitTarget,
  terms: readonly TermShape[],
  cells: readonly Cell[],
  solver: LinearSolver,
  folds: readonly number[],
): number[] {
  const design = relativeDesign(target, terms, cells);
  const errors = new Array<number>(cells.length).fill(0);
  for (const fold of new Set(folds)) {
    const weights = folds.map((other) => (other === fold ? 0 : 1));
    const coefficients = solveRelative(design, solver, weights);
    folds.forEach((other, i) => {
      if (other === fold) errors[i] = Math.abs(ratio(design.rows[i]!, coefficients) - 1);
    });
  }
  return errors;
}

/** A fold for each cell; a block's cells share theirs. */
function foldsOf(blocks: readonly number[], seed: string): number[] {
  const random = stream(`${seed}/calibrate/folds`);
  const ranked = [...new Set(blocks)].map((block) => ({ block, key: random() })).sort((a, b) => a.key - b.key);
  const foldOf = new Map(ranked.map(({ block }, rank) => [block, rank % FOLDS]));
  return blocks.map((block) => foldOf.get(block)!);
}

/** Paired over cells: the mean gain exceeds its standard error and 15 % of the old error. */
function isBetter(trial: readonly number[], old: readonly number[]): boolean {
  const gains = old.map((error, i) => error - trial[i]!);
  const gain = mean(gains);
  const variance = mean(gains.map((value) => (value - gain) ** 2));
  return gain > Math.sqrt(variance / Math.max(1, gains.length - 1)) && gain > LEAST_GAIN_FRACTION * mean(old);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
