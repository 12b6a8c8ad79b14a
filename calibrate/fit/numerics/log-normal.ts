/** Quantiles of a log-normal time about its mean, with a heavy tail where asked. */
import type { Variation } from "../../../formats/index.js";

const POINTS = 41;

/** Some times are longer: `share` of them are 1 to `most` times what the others take at most. */
export interface HeavyTail {
  readonly share: number;
  readonly most: number;
}

/** `sigma`: standard deviation of the logarithm of most times. The ends are their 0.5 % and 99.5 % quantiles. */
export function logNormalVariation(sigma: number, tail: HeavyTail = { share: 0, most: 1 }): Variation {
  const body = Array.from({ length: POINTS }, (_, k): [number, number] => {
    const p = k / (POINTS - 1);
    const clipped = Math.min(0.995, Math.max(0.005, p));
    return [p * (1 - tail.share), Number(Math.exp(sigma * normalQuantile(clipped)).toPrecision(5))];
  });
  if (tail.share === 0) return { quantiles: body };
  const end = body.at(-1)![1];
  return { quantiles: [...body, [1, tail.most * end]] };
}

/** Abramowitz and Stegun 26.2.23; absolute error below 4.5e-4. */
export function normalQuantile(p: number): number {
  const tail = Math.min(p, 1 - p);
  const t = Math.sqrt(-2 * Math.log(tail));
  const score = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return p < 0.5 ? -score : score;
}
