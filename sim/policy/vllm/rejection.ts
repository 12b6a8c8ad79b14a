/** Requests that could never be served under the limits: the server rejects them, a simulation says why. */
import { stepBudget, type CountedLimits } from "../step-policy.js";
import type { SchedulerRequest } from "../step.js";

type Lengths = Pick<SchedulerRequest, "promptTokens" | "outputTokens" | "maxTokens">;

/** Whether the server knows where the request ends: at its own limit, or at the model's length. */
export function isEndKnown({ promptTokens, outputTokens, maxTokens }: Lengths, maxModelLen: number): boolean {
  return maxTokens === undefined || outputTokens >= Math.min(maxTokens, maxModelLen - promptTokens);
}

/** Why a request of these lengths can never be served; undefined when it can. `maxTokens`: its own limit; Infinity: none. */
export function rejectionReason(
  promptTokens: number,
  outputTokens: number,
  maxTokens: number,
  limits: CountedLimits,
): string | undefined {
  const { maxModelLen, numGpuBlocks, blockSize } = limits;
  if (maxTokens !== Infinity && promptTokens + maxTokens > maxModelLen) {
    return `${promptTokens + maxTokens} tokens of prompt and max_tokens exceed max_model_len ${maxModelLen}`;
  }
  const tokens = promptTokens + outputTokens;
  if (tokens > maxModelLen) return `${tokens} tokens of prompt and output exceed max_model_len ${maxModelLen}`;
  // The last token's KV is never computed. Alone in the engine a request may use every block, the watermark's too.
  const blocks = Math.ceil((tokens - 1) / blockSize);
  if (blocks > numGpuBlocks - 1) return `${tokens} tokens need ${blocks} KV blocks, the pool has ${numGpuBlocks - 1}`;
  const budget = stepBudget(limits);
  if (!limits.chunkedPrefill && longestChunk(tokens - 1, limits) > budget) {
    const name = budget < limits.maxNumBatchedTokens ? "max_num_scheduled_tokens" : "max_num_batched_tokens";
    return `${tokens - 1} tokens to compute exceed ${name} ${budget} and enable_chunked_prefill is off`;
  }
  return undefined;
}

/** What it may have to compute at once: a preempted request computes its outputs again too, and one alone may be uncapped. */
function longestChunk(tokens: number, { longPrefillTokenThreshold, adaptivePrefillCap, rules }: CountedLimits): number {
  const isCapped = longPrefillTokenThreshold > 0 && !rules.sparesLoneRequest && adaptivePrefillCap !== true;
  return isCapped ? Math.min(tokens, longPrefillTokenThreshold) : tokens;
}
