/** Prompt and output tokens of all requests by column: read once, so that passes need not go through the objects. */

export interface TokenCounts {
  readonly promptTokens: Int32Array;
  readonly outputTokens: Int32Array;
  readonly longestOutput: number;
}

export function tokenCounts(
  requests: readonly { readonly promptTokens: number; readonly outputTokens: number }[],
): TokenCounts {
  const count = requests.length;
  const promptTokens = new Int32Array(count);
  const outputTokens = new Int32Array(count);
  let longestOutput = 1;
  for (let index = 0; index < count; index++) {
    const request = requests[index]!;
    promptTokens[index] = request.promptTokens;
    outputTokens[index] = request.outputTokens;
    if (request.outputTokens > longestOutput) longestOutput = request.outputTokens;
  }
  return { promptTokens, outputTokens, longestOutput };
}
