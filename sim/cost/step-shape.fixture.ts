/** A step for tests of costs: decodes that read `contextTokens` together, and prompts with nothing cached. */
import type { StepShape } from "./step-cost.js";

/** `sampling`: requests that get a token; absent: not said. */
export function stepShape(
  decodes: number,
  contextTokens: number,
  prompts: readonly number[] = [],
  sampling?: number,
): StepShape {
  const prefillTokens = prompts.reduce((sum, tokens) => sum + tokens, 0);
  return {
    scheduledRequests: decodes + prompts.length,
    scheduledTokens: decodes + prefillTokens,
    decodeRequests: decodes,
    decodeContextTokens: contextTokens,
    prefillRequests: prompts.length,
    prefillTokens,
    prefillContextTokens: 0,
    prefillAttentionPairs: prompts.reduce((sum, tokens) => sum + (tokens * (tokens + 1)) / 2, 0),
    ...(sampling === undefined ? {} : { samplingRequests: sampling }),
  };
}
