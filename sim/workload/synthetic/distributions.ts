/** Distributions of lengths: each draw is a whole number of tokens, at least 1. */
import { ConfigError } from "../../../formats/index.js";
import { normal, type Random } from "../../kernel/index.js";

export type DrawTokens = (random: Random) => number;

/** Equally likely from `least` to `most`, both included. */
export function uniformTokens(least: number, most: number): DrawTokens {
  const low = Math.max(1, least);
  const span = Math.max(low, most) - low + 1;
  return (random) => low + Math.floor(random() * span);
}

/** vLLM bench's `--random-range-ratio`: floor(mean (1 - ratio)) to ceil(mean (1 + ratio)). */
export function rangeTokens(meanTokens: number, ratio: number): DrawTokens {
  return uniformTokens(Math.floor(meanTokens * (1 - ratio)), Math.ceil(meanTokens * (1 + ratio)));
}

/** Log-normal of that mean and sigma (of the logarithm), rounded. */
export function lognormalTokens(meanTokens: number, sigma: number): DrawTokens {
  const mu = Math.log(meanTokens) - (sigma * sigma) / 2;
  return (random) => Math.max(1, Math.round(Math.exp(mu + sigma * normal(random))));
}

/** Zipf on 1 to `most`: P(k) proportional to k^-exponent, by search in the cumulated probabilities. */
export function zipfTokens(exponent: number, most: number): DrawTokens {
  const cumulated = new Float64Array(most);
  let sum = 0;
  for (let tokens = 1; tokens <= most; tokens++) cumulated[tokens - 1] = sum += tokens ** -exponent;
  return (random) => {
    const target = random() * sum;
    let [low, high] = [0, most - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulated[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low + 1;
  };
}

/** Standard normal quantile of 0.99. */
const Z_99 = 2.3263478740408408;

/** Sigma of a log-normal with that coefficient of variation. */
export function sigmaOfCv(cv: number): number {
  return Math.sqrt(Math.log1p(cv * cv));
}

/**
 * Sigma of a log-normal with that mean and 99th percentile: the smaller root of z sigma - sigma^2 / 2 = ln(p99 / mean).
 * There is none when p99 is not above the mean, or beyond 14.97 times it: ConfigError.
 */
export function sigmaOfP99(meanTokens: number, p99Tokens: number): number {
  const logRatio = Math.log(p99Tokens / meanTokens);
  const most = Z_99 ** 2 / 2;
  if (!(logRatio > 0 && logRatio <= most)) {
    throw new ConfigError(
      `a log-normal of mean ${meanTokens} has no 99th percentile of ${p99Tokens}, expected above the mean and at most ` +
        `${Math.floor(meanTokens * Math.exp(most))}; give sigma or cv instead`,
    );
  }
  return Z_99 - Math.sqrt(Z_99 ** 2 - 2 * logRatio);
}
