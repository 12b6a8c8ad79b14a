/** An edge by brute force: every step of a grid of rates about a middle, without the search that is tested. */
import type { Profile } from "../../formats/index.js";
import { costDrawCount, stream } from "../../sim/index.js";

export interface RateGrid {
  readonly middle: number;
  /** From one rate to the next, a factor. */
  readonly step: number;
  /** Steps above the middle where it begins, and how far it may go. */
  readonly begin: number;
  readonly reach: number;
}

/** The highest rate that is met, from above; a first rate that is met is followed up. 0 where none is. */
export function edgeOnGrid(
  { middle, step: factor, begin, reach }: RateGrid,
  isMetAt: (rate: number) => boolean,
): number {
  const isMet = (step: number): boolean => isMetAt(middle * factor ** step);
  let step = begin;
  if (isMet(step)) {
    while (step < reach && isMet(step + 1)) step++;
    return middle * factor ** (step + 0.5);
  }
  do step--;
  while (step >= -reach && !isMet(step));
  return step < -reach ? 0 : middle * factor ** (step + 0.5);
}

/** The draw of the profile's costs that a seed has; null: it has none. */
export function drawOf(profile: Profile, seed: string): number | null {
  const draws = costDrawCount(profile);
  return draws === 0 ? null : Math.floor(stream(`${seed}/draw`)() * draws);
}
