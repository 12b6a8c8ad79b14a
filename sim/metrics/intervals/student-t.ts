/**
 * Two-sided quantiles of Student's t for whole degrees of freedom: exact, from the finite series of Abramowitz and Stegun,
 * Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4, solved by bisection.
 */
import { InvariantError } from "../../../formats/index.js";

/** The t that holds the share `level` (0-1) of the distribution between -t and t; `freedom`: a whole number from 1. */
export function studentT(level: number, freedom: number): number {
  if (!(level > 0 && level < 1)) throw new InvariantError(`Student's t at level ${level}, expected between 0 and 1`);
  if (!Number.isInteger(freedom) || freedom < 1) {
    throw new InvariantError(`Student's t with ${freedom} degrees of freedom, expected a whole number from 1`);
  }
  let [low, high] = [0, Math.PI / 2];
  while (high - low > 1e-13) {
    const middle = (low + high) / 2;
    if (shareWithin(middle, freedom) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan((low + high) / 2);
}

/** Share between -t and t, where tan(angle) = t / sqrt(freedom). */
function shareWithin(angle: number, freedom: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = 0;
  for (let power = isOdd ? 1 : 0; power <= freedom - 2; power += 2) {
    sum += term;
    term *= ((power + 1) / (power + 2)) * cosine ** 2;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
