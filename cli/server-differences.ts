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
  seen: Readonly<Record<string, unknown>>,
): string[] {
  return compared
    .filter((name) => seen[name] !== undefined && asked[name] !== undefined && seen[name] !== asked[name])
    .map((name) => `the server has ${name} ${String(seen[name])}, the answer is about ${String(asked[name])}`);
}
