/** The fewest of something that is enough: from a first guess in growing strides to a bracket, which is then halved. */
import type { Judged } from "./find-edge.js";

export interface FewestOptions {
  readonly start: number;
  readonly most: number;
}

export interface Fewest<Found> {
  /** Null: even the most is not enough. */
  readonly count: number | null;
  /** The runs looked at, by rising count. */
  readonly looked: readonly Found[];
}

/** `evaluate`: what a run with so many found. A run with more is taken to be no worse. */
export function findFewest<Found extends Judged & { readonly x: number }>(
  evaluate: (count: number) => Found,
  { start, most }: FewestOptions,
): Fewest<Found> {
  const looked: Found[] = [];
  const isEnough = (count: number): boolean => {
    const found = evaluate(count);
    looked.push(found);
    return found.worst.ratio <= 1;
  };
  let enough = most + 1;
  let tooFew = 0;
  for (let [at, stride] = [Math.min(most, Math.max(1, start)), 1]; ; stride *= 2) {
    if (isEnough(at)) enough = Math.min(enough, at);
    else tooFew = Math.max(tooFew, at);
    if (enough - tooFew <= 1 || (enough <= most && tooFew > 0)) break;
    at = enough <= most ? Math.max(1, enough - stride) : Math.min(most, tooFew + stride);
  }
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2);
    if (isEnough(middle)) enough = middle;
    else tooFew = middle;
  }
  looked.sort((a, b) => a.x - b.x);
  return { count: enough <= most ? enough : null, looked };
}
