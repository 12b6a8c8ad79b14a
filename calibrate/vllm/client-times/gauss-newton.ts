/**
 * Least squares of misses and pulls by steps of Gauss and Newton. Costs that only their sum, or a ratio, tells apart make a long
 * narrow valley: a search that moves each by itself zigzags in it, while the slopes of many misses point along it.
 */
import { normalEquations, type LinearSolver } from "../../fit/index.js";

/** Logarithm of a simulated over the recorded feature; the weights of all sum to 1 at most. */
export interface Miss {
  readonly log: number;
  readonly weight: number;
}

export interface PulledMisses {
  readonly missesOf: (x: readonly number[]) => readonly Miss[];
  /** The loss grows with pull x (distance from `origin`)^2 along each variable. */
  readonly pulls: readonly number[];
  readonly origin: readonly number[];
}

export interface GaussNewtonOptions {
  readonly solver: LinearSolver;
  readonly steps: number;
}

/** Change of a variable by which slopes are taken: beyond the roughness of a simulation. */
const STEP = 0.1;
/** Farthest that one step moves a variable: slopes are of here. */
const MAX_MOVE = 0.5;
/** Added to the information of each variable, more and more, until no step is farther than that (Levenberg and Marquardt). */
const FIRST_DAMPING = 1e-4;
const DAMPING_GROWTH = 3;
/** Of a step, what is tried in turn until the loss is less. */
const FRACTIONS = [1, 0.5, 0.25];

/** How each miss's logarithm grows with each variable, by variable. */
export function slopesAt(missesOf: PulledMisses["missesOf"], x: readonly number[]): number[][] {
  return x.map((_, i) => {
    const logsBy = (by: number): number[] =>
      missesOf(x.map((value, j) => (i === j ? value + by : value))).map(({ log }) => log);
    const [up, down] = [logsBy(STEP), logsBy(-STEP)];
    return up.map((value, at) => (value - down[at]!) / (2 * STEP));
  });
}

export interface Information {
  /** Of the misses alone. */
  readonly gram: readonly (readonly number[])[];
  readonly information: number[][];
  readonly moment: readonly number[];
}

/** What the misses and the pulls tell of each pair of variables: half of the loss's second derivatives, as if misses were linear. */
export function informationOf(
  slopes: readonly (readonly number[])[],
  misses: readonly Miss[],
  pulls: readonly number[],
): Information {
  const { gram, moment } = normalEquations(
    misses.map((_, at) => slopes.map((slope) => slope[at]!)),
    misses.map(({ log }) => log),
    misses.map(({ weight }) => weight),
  );
  const information = gram.map((row, i) => row.map((value, j) => (i === j ? value + pulls[i]! : value)));
  return { gram, information, moment };
}

export interface Minimum {
  readonly x: readonly number[];
  readonly value: number;
}

/** Ends before `steps` where a step finds nothing better. */
export function gaussNewton(problem: PulledMisses, start: readonly number[], options: GaussNewtonOptions): Minimum {
  let best = { x: start, value: lossOf(problem, start) };
  for (let step = 0; step < options.steps; step++) {
    const better = lessAlong(problem, best, moveFrom(problem, best.x, options.solver));
    if (better === undefined) return best;
    best = better;
  }
  return best;
}

/** The first of the fractions of a move that makes the loss less. */
function lessAlong(
  problem: PulledMisses,
  { x: from, value: most }: Minimum,
  move: readonly number[],
): Minimum | undefined {
  for (const fraction of FRACTIONS) {
    const x = from.map((value, i) => value + fraction * move[i]!);
    const value = lossOf(problem, x);
    if (value < most) return { x, value };
  }
  return undefined;
}

function lossOf({ missesOf, pulls, origin }: PulledMisses, x: readonly number[]): number {
  const missed = missesOf(x).reduce((sum, { log, weight }) => sum + weight * log * log, 0);
  return x.reduce((sum, value, i) => sum + pulls[i]! * (value - origin[i]!) ** 2, missed);
}

function moveFrom({ missesOf, pulls, origin }: PulledMisses, x: readonly number[], solver: LinearSolver): number[] {
  const { information, moment } = informationOf(slopesAt(missesOf, x), missesOf(x), pulls);
  const downhill = moment.map((value, i) => -value - pulls[i]! * (x[i]! - origin[i]!));
  let damping = 0;
  for (;;) {
    const damped = information.map((row, i) => row.map((value, j) => (i === j ? value + damping : value)));
    const move = solver(damped, downhill);
    if (move.every((by) => Math.abs(by) <= MAX_MOVE)) return move;
    damping = damping === 0 ? FIRST_DAMPING : DAMPING_GROWTH * damping;
  }
}
