/**
 * A step that data parallel ranks take together, as its costs see it. Ranks agree on one kind of CUDA graph, the least
 * that one of them needs; with graphs each is padded to the largest. A rank without work computes one token. Attention
 * takes as long as at the busiest rank, and experts see the tokens of all. Source: vllm/v1/worker/dp_utils.py (behaviour).
 */
import type { StepShape } from "../step-cost.js";

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
  let [requests, tokens, decodes, context, pairs] = [0, 0, 0, 0, 0];
  let [allTokens, sampling, prefills, prefillTokens, promptRests] = [0, 0, 0, 0, 0];
  for (let rank = 0; rank < steps.length; rank++) {
    const step = steps[rank] ?? dummy;
    requests = Math.max(requests, step.scheduledRequests);
    tokens = Math.max(tokens, step.scheduledTokens);
    decodes = Math.max(decodes, step.decodeRequests);
    context = Math.max(context, step.decodeContextTokens + step.prefillContextTokens);
    pairs = Math.max(pairs, step.prefillAttentionPairs);
    allTokens += step.scheduledTokens;
    sampling += step.samplingRequests ?? step.scheduledRequests;
    prefills += step.prefillRequests;
    prefillTokens += step.prefillTokens;
    promptRests += step.promptRests ?? 0;
  }
  return {
    scheduledRequests: requests,
    scheduledTokens: tokens,
    decodeRequests: decodes,
    decodeContextTokens: context,
    prefillRequests: prefills,
    prefillTokens,
    prefillContextTokens: 0,
    prefillAttentionPairs: pairs,
    promptRests,
    samplingRequests: sampling,
    ranks: { count: steps.length, tokens: allTokens },
  };
}
