/** Token lengths as conversations have them: lognormal, whole tokens, cut at a longest length. */
import { normal, type Random } from "../../sim/index.js";

export interface LengthShape {
  /** Mean of the lognormal before it is rounded and cut, tokens. */
  readonly meanTokens: number;
  /** Standard deviation of the logarithm. */
  readonly sigma: number;
  readonly longestTokens: number;
}

/** One length, 1 to `longestTokens`; a draw always costs two uniforms. */
export function drawTokens(random: Random, { meanTokens, sigma, longestTokens }: LengthShape): number {
  const mu = Math.log(meanTokens) - (sigma * sigma) / 2;
  return Math.min(longestTokens, Math.max(1, Math.round(Math.exp(mu + sigma * normal(random)))));
}
