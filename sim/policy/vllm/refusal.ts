/** Requests that could never be served under the limits: the server refuses them, a simulation says why. */
import type { SchedulerLimits } from "./limits.js";

/** Why the request can never be served; undefined when it can. */
export function refusalOf(promptTokens: number, outputTokens: number, limits: SchedulerLimits): string | undefined {
  const { maxModelLen, numGpuBlocks, blockSize } = limits;
  const tokens = promptTokens + outputTokens;
  if (tokens > maxModelLen) return `${tokens} tokens of prompt and output exceed max_model_len ${maxModelLen}`;
  // The last token's KV is never computed. Alone in the engine a request may use every block, the watermark's too.
  const blocks = Math.ceil((tokens - 1) / blockSize);
  if (blocks > numGpuBlocks - 1) return `${tokens} tokens need ${blocks} KV blocks, the pool has ${numGpuBlocks - 1}`;
  // A preempted request computes its outputs again too.
  const chunk = limits.longPrefillTokenThreshold > 0 ? limits.longPrefillTokenThreshold : tokens - 1;
  if (!limits.chunkedPrefill && Math.min(tokens - 1, chunk) > limits.maxNumBatchedTokens) {
    return (
      `${tokens - 1} tokens to compute exceed max_num_batched_tokens ${limits.maxNumBatchedTokens} ` +
      "and enable_chunked_prefill is off"
    );
  }
  return undefined;
}
