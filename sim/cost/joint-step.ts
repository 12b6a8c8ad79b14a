/**
 * A step that data parallel ranks take together, as its costs see it. Ranks agree on one kind of CUDA graph, the least
 * that one of them needs; with graphs each is padded to the largest. A rank without work computes one token. Attention
 * takes as long as at the busiest rank, and experts see the tokens of all. Source: vllm/v1/worker/dp_utils.py (behaviour).
 */
import type { StepShape } from "./step-cost.js";

/** A rank without work in a step. */
const dummy: StepShape = {
  scheduledRequests: 1,
  scheduledTokens: 1,
  decodeRequests: 1,
  decodeContextTokens: 0,
  prefillRequests: 0,
  prefillTokens: 0,
  prefillContextTokens: 0,
  prefillAttentionPairs: 0,
};

/** `steps`: by rank, undefined where it has none; at least one has. */
export function jointStep(steps: readonly (StepShape | undefined)[]): StepShape {
  const shapes = steps.map((step) => step ?? dummy);
  const most = (of: (step: StepShape) => number): number => shapes.reduce((top, step) => Math.max(top, of(step)), 0);
  const sum = (of: (step: StepShape) => number): number => shapes.reduce((total, step) => total + of(step), 0);
  return {
    scheduledRequests: most((step) => step.scheduledRequests),
    scheduledTokens: most((step) => step.scheduledTokens),
    decodeRequests: most((step) => step.decodeRequests),
    decodeContextTokens: most((step) => step.decodeContextTokens + step.prefillContextTokens),
    prefillRequests: sum((step) => step.prefillRequests),
    prefillTokens: sum((step) => step.prefillTokens),
    prefillContextTokens: 0,
    prefillAttentionPairs: most((step) => step.prefillAttentionPairs),
    promptRests: sum((step) => step.promptRests ?? 0),
    samplingRequests: sum((step) => step.samplingRequests ?? step.scheduledRequests),
    ranks: { count: shapes.length, tokens: sum((step) => step.scheduledTokens) },
  };
}
