/**
 * Least squares of misses and pulls by steps of Gauss and Newton. Costs that only their sum, or a ratio, tells apart make a long
 * narrow valley: a search that moves each by itself zigzags in it, while the slopes of many misses point along it.
 */
import { withDiagonal, type LinearSolver } from "./linear-algebra.js";
import type { Minimum } from "./nelder-mead.js";
import { normalEquations } from "./nnls.js";

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

/** Change of a variable by which slopes are taken: beyond the roughness of a simulation. */
const STEP = 0.1;
/** Farthest that one step moves a variable: slopes are of here. */
const MAX_MOVE = 0.5;
/**
 * Added to the information of each variable, in turn, until none moves too far (Levenberg); the first few of these are tried. The
 * same for all, so that it holds what the misses hardly tell, and not what they tell well only of several variables together.
 */
const DAMPINGS = [0, 1e-4, 4e-4, 1.6e-3, 6.4e-3, 2.5e-2, 0.1, 0.4, 1.6, 6.4, 25, 100, 400];
/** Tries of a step. */
const TRIES = 3;

/** How each figure grows with each variable, by variable. */
export function slopesAt(figuresOf: (x: readonly number[]) => readonly number[], x: readonly number[]): number[][] {
  return x.map((_, i) => {
    const moved = (by: number): readonly number[] => figuresOf(x.map((value, j) => (i === j ? value + by : value)));
    const [up, down] = [moved(STEP), moved(-STEP)];
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
  return { gram, information: withDiagonal(gram, (i) => pulls[i]!), moment };
}

/**
 * The best place of all steps. A step goes to the best of its tries even where that is worse than where it came from: the loss
 * of a simulation is rough, and the next slopes lead on.
 */
export function gaussNewton(
  problem: PulledMisses,
  start: readonly number[],
  { solver, steps }: { readonly solver: LinearSolver; readonly steps: number },
): Minimum {
  let here: Minimum = { x: start, value: lossOf(problem, start) };
  let best = here;
  for (let step = 0; step < steps; step++) {
    const next = stepFrom(problem, here.x, solver);
    if (next === undefined) return best;
    here = next;
    if (here.value < best.value) best = here;
  }
  return best;
}

/** Undefined where slopes are so steep that no damping keeps the step within reach. */
function stepFrom(problem: PulledMisses, from: readonly number[], solver: LinearSolver): Minimum | undefined {
  const { missesOf, pulls, origin } = problem;
  const { information, moment } = informationOf(slopesAt(logsOf(missesOf), from), missesOf(from), pulls);
  const downhill = moment.map((value, i) => -value - pulls[i]! * (from[i]! - origin[i]!));
  const within = DAMPINGS.map((damping) =>
    solver(
      withDiagonal(information, () => damping),
      downhill,
    ),
  ).filter((move) => move.every((by) => Math.abs(by) <= MAX_MOVE));
  const tried = within.slice(0, TRIES).map((move) => {
    const x = from.map((value, i) => value + move[i]!);
    return { x, value: lossOf(problem, x) };
  });
  return tried.sort((a, b) => a.value - b.value)[0];
}

/** The misses' logarithms alone. */
export function logsOf(missesOf: PulledMisses["missesOf"]): (x: readonly number[]) => number[] {
  return (x) => missesOf(x).map(({ log }) => log);
}

function lossOf({ missesOf, pulls, origin }: PulledMisses, x: readonly number[]): number {
  const missed = missesOf(x).reduce((sum, { log, weight }) => sum + weight * log * log, 0);
  return x.reduce((sum, value, i) => sum + pulls[i]! * (value - origin[i]!) ** 2, missed);
}
