/**
 * Where the model bends and switches. A knot splits a term into segments, each with its own slope: rows of a tile that is
 * not full, work hidden below the time to launch kernels. A switch adds to the base in batches of at most, or more than, so many
 * rows: the library takes another kernel there, and time may fall. Each is added while cross-validation over prompt
 * blocks says that cells left out are predicted better.
 */
import { defined } from "../../formats/index.js";
import { shuffled, stream } from "../../sim/kernel/index.js";
import type { Bend, FitTarget, Switch, TermShape } from "./features.js";
import { FeatureColumns, FoldedSums } from "./folded-sums.js";
import { solveNnls, type LinearSolver } from "./numerics/index.js";
import { blocksOf } from "./relative-fit.js";
import { huberWeights } from "./weights.js";

const FOLDS = 8;
/** Ways to deal blocks to folds: one alone would choose what suits its luck. */
const DEALS = 3;
const MAX_ADDITIONS = 8;
const MAX_LEVELS = 10;
const MIN_GAIN_FRACTION = 0.02;

/** The given terms, some bent at knots among the levels measured, and switches; deterministic for a seed. */
export function chooseKnots<C>(
  target: FitTarget<C>,
  terms: readonly TermShape[],
  cells: readonly C[],
  solver: LinearSolver,
  { seed, weights }: { readonly seed: string; readonly weights: readonly number[] },
): TermShape[] {
  const deals = dealFolds(blocksOf(target, cells), seed);
  if (new Set(deals[0]).size < 2) return [...terms];
  const additions = target.bends.flatMap(({ phase, basis, level }) =>
    candidateLevels(cells, level).map((knot): Addition => ({ bend: { phase, basis }, knot })),
  );
  const switches = target.switches.flatMap((one) => switchTerms(one, cells));

  const columns = FeatureColumns.of(target, cells);
  const richest = [...additions.reduce(bend, [...terms]), ...switches];
  const factors = huberWeights(unseenResiduals(columns, richest, { folds: deals[0]!, weights, solver }));
  const robust = weights.map((weight, i) => weight * factors[i]!);
  const sums = new FoldedSums(columns, deals, robust);

  let chosen = [...terms];
  let losses: readonly number[] = crossValidate(sums, chosen, solver);
  for (let added = 0; added < MAX_ADDITIONS; added++) {
    const best = everyAddition(chosen, additions, switches)
      .map((model) => ({ model, losses: crossValidate(sums, model, solver) }))
      .reduce<Trial | undefined>((a, b) => (a === undefined || total(b.losses) < total(a.losses) ? b : a), undefined);
    if (best === undefined || !isBetter(best.losses, losses)) break;
    chosen = best.model;
    losses = best.losses;
  }
  return chosen;
}

interface Trial {
  readonly model: TermShape[];
  readonly losses: readonly number[];
}

interface Addition {
  readonly bend: Pick<Bend<never>, "phase" | "basis">;
  readonly knot: number;
}

/** Every model with one knot or switch more than the given one. */
function everyAddition(
  terms: readonly TermShape[],
  additions: readonly Addition[],
  switches: readonly TermShape[],
): TermShape[][] {
  const isThere = (one: TermShape): boolean =>
    terms.some((term) => term.phase === one.phase && term.basis === one.basis && sameRows(term, one));
  return [
    ...additions.map((addition) => bend(terms, addition)).filter((model) => model.length > terms.length),
    ...switches.filter((one) => !isThere(one)).map((one) => [...terms, one]),
  ];
}

function sameRows(a: TermShape, b: TermShape): boolean {
  return a.rows_upto === b.rows_upto && a.rows_beyond === b.rows_beyond;
}

/** The terms with one knot more; as they are where the term is absent or has that knot. */
function bend(terms: readonly TermShape[], { bend: { phase, basis }, knot }: Addition): TermShape[] {
  const mine = terms.filter((term) => term.phase === phase && term.basis === basis);
  const knots = mine.flatMap((term) => (term.upto === undefined ? [] : [term.upto]));
  if (mine.length === 0 || knots.includes(knot)) return [...terms];
  const cuts = [...knots, knot].sort((a, b) => a - b);
  const segments = [undefined, ...cuts].map((from, i) => ({
    phase,
    basis,
    ...defined({ beyond: from, upto: cuts[i] }),
  }));
  return [...terms.filter((term) => !mine.includes(term)), ...segments];
}

/** A base of its own for batches of at most, and of more than, each inner number of rows. */
function switchTerms<C>({ phase, level }: Switch<C>, cells: readonly C[]): TermShape[] {
  return candidateLevels(cells, level).flatMap((rows): TermShape[] => [
    { phase, basis: "base", rows_upto: rows },
    { phase, basis: "base", rows_beyond: rows },
  ]);
}

/** Levels strictly inside the measured range, thinned evenly when there are many. */
function candidateLevels<C>(cells: readonly C[], level: (cell: C) => number): number[] {
  const inner = [...new Set(cells.map(level))].sort((a, b) => a - b).slice(1, -1);
  if (inner.length <= MAX_LEVELS) return inner;
  return Array.from(
    { length: MAX_LEVELS },
    (_, i) => inner[Math.round(((i + 0.5) / MAX_LEVELS) * inner.length - 0.5)]!,
  );
}

/**
 * Relative residuals of each cell under a fit to the other folds. A cell that even the model with every knot and switch
 * misses tells nothing about where to put one; unseen, because such a model would bend to meet any cell it has seen.
 */
function unseenResiduals(
  columns: FeatureColumns,
  terms: readonly TermShape[],
  { folds, weights, solver }: { folds: readonly number[]; weights: readonly number[]; solver: LinearSolver },
): number[] {
  const sums = new FoldedSums(columns, [folds], weights);
  const near = solveNnls(sums.equations(terms), solver);
  const residuals = new Array<number>(folds.length).fill(0);
  for (const fold of new Set(folds)) {
    const coefficients = solveNnls(sums.equations(terms, fold), solver, near);
    const all = columns.residuals(terms, coefficients);
    folds.forEach((other, cell) => {
      if (other === fold) residuals[cell] = all[cell]!;
    });
  }
  return residuals;
}

/** Loss on each fold of a fit to the other folds of its deal. */
function crossValidate(sums: FoldedSums, terms: readonly TermShape[], solver: LinearSolver): number[] {
  const ones = terms.map(() => 1);
  const near = solveNnls(sums.equations(terms), solver, ones);
  return Array.from({ length: sums.foldCount }, (_, i) =>
    sums.loss(terms, solveNnls(sums.equations(terms, i + 1), solver, near), i + 1),
  );
}

/** A fold for each cell in each deal, numbered from 1 through all deals; a block's cells share theirs. */
function dealFolds(blocks: readonly number[], seed: string): number[][] {
  return Array.from({ length: DEALS }, (_, deal) => {
    const random = stream(`${seed}/calibrate/folds/${deal}`);
    const ranked = shuffled([...new Set(blocks)], random);
    const count = Math.min(FOLDS, ranked.length);
    const foldOf = new Map(ranked.map((block, rank) => [block, 1 + deal * count + (rank % count)]));
    return blocks.map((block) => foldOf.get(block)!);
  });
}

/** Paired over folds: the gain exceeds its standard error and 2 % of the old loss. */
function isBetter(trial: readonly number[], old: readonly number[]): boolean {
  const gains = old.map((loss, i) => loss - trial[i]!);
  const gain = total(gains);
  const mean = gain / gains.length;
  const variance = total(gains.map((value) => (value - mean) ** 2)) / Math.max(1, gains.length - 1);
  // Another deal of the same blocks is no further evidence, so the error does not shrink with the number of deals.
  const error = Math.sqrt((variance * gains.length) / DEALS) * DEALS;
  return gain > error && gain > MIN_GAIN_FRACTION * total(old);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
