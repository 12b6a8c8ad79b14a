/** Quantiles of a log-normal time about its mean. */
import type { Variation } from "../../formats/index.js";

const POINTS = 41;

/** `sigma`: standard deviation of the logarithm. Mean 1; the ends are the 0.05 % and 99.95 % quantiles. */
export function logNormalVariation(sigma: number): Variation {
  const quantiles = Array.from({ length: POINTS }, (_, k): [number, number] => {
    const p = k / (POINTS - 1);
    const clipped = Math.min(0.9995, Math.max(0.0005, p));
    return [p, Number(Math.exp(sigma * normalQuantile(clipped) - (sigma * sigma) / 2).toPrecision(5))];
  });
  return { quantiles };
}

/** Abramowitz and Stegun 26.2.23; absolute error below 4.5e-4. */
export function normalQuantile(p: number): number {
  const tail = Math.min(p, 1 - p);
  const t = Math.sqrt(-2 * Math.log(tail));
  const score = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return p < 0.5 ? -score : score;
}
