/** Prompt and output tokens of all requests by column: read once, so that passes need not go through the objects. */

export interface TokenCounts {
  readonly promptTokens: Int32Array;
  readonly outputTokens: Int32Array;
  readonly longestOutput: number;
  /** Whether some request has a limit of its own, beyond where it ends. */
  readonly hasLimits: boolean;
}

export function tokenCounts(
  requests: readonly { readonly promptTokens: number; readonly outputTokens: number; readonly maxTokens?: number }[],
): TokenCounts {
  const count = requests.length;
  const promptTokens = new Int32Array(count);
  const outputTokens = new Int32Array(count);
  let longestOutput = 1;
  let hasLimits = false;
  for (let index = 0; index < count; index++) {
    const request = requests[index]!;
    promptTokens[index] = request.promptTokens;
    outputTokens[index] = request.outputTokens;
    if (request.outputTokens > longestOutput) longestOutput = request.outputTokens;
    if (request.maxTokens !== undefined) hasLimits = true;
  }
  return { promptTokens, outputTokens, longestOutput, hasLimits };
}
