/** Where a running server has other settings than those that an answer is about. */
const compared = [
  "max_num_seqs",
  "max_num_batched_tokens",
  "enable_prefix_caching",
  "enable_chunked_prefill",
  "num_gpu_blocks",
];

/** A server with other settings than the answer's is another server. */
export function differentSettings(
  asked: Readonly<Record<string, unknown>>,
  reported: Readonly<Record<string, unknown>>,
): string[] {
  return compared
    .filter((name) => reported[name] !== undefined && asked[name] !== undefined && reported[name] !== asked[name])
    .map((name) => `the server has ${name} ${String(reported[name])}, the answer is about ${String(asked[name])}`);
}
