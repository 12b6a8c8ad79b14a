/**
 * A workload as the JSON lines that the peer replays: arrival in ms, lengths in tokens, a hash for each block of the
 * prompt. Every block has a hash of its own, so that no two requests share a prefix.
 */
import type { WorkloadRequest } from "../../formats/index.js";

/** The file's text; requests without an arrival time arrive at 0. */
export function traceText(requests: readonly WorkloadRequest[], blockTokens: number): string {
  let nextHash = 0;
  return requests
    .map(({ arrivalNs = 0, promptTokens, outputTokens }) => {
      const hash_ids = Array.from({ length: Math.ceil(promptTokens / blockTokens) }, () => nextHash++);
      const row = { timestamp: arrivalNs / 1e6, input_length: promptTokens, output_length: outputTokens, hash_ids };
      return `${JSON.stringify(row)}\n`;
    })
    .join("");
}
