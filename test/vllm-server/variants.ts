/** The servers that checks ask for: one set of flags each, started one after the other. */

export interface Variant {
  readonly name: string;
  readonly model: "tiny-llama" | "mid-llama" | "gpt2-small";
  readonly flags: readonly string[];
  /** It sends a span per request to a port that the harness chooses (`otlpPort` of the server). */
  readonly isTraced?: boolean;
}

const common = ["--load-format", "dummy", "--dtype", "float32", "--max-model-len", "1024", "--enforce-eager"];

/** What calibration is measured on: no prefix cache, per-request times in the last chunk. */
export const plain: Variant = {
  name: "plain",
  model: "mid-llama",
  flags: [...common, "--max-num-seqs", "64", "--no-enable-prefix-caching", "--enable-per-request-metrics"],
};

/** As plain, and spans of its requests go to a receiver. */
export const traced: Variant = { ...plain, name: "traced", isTraced: true };

/** As plain with a prefix cache, for what a profile of plain says of it. */
export const warm: Variant = {
  name: "warm",
  model: "mid-llama",
  flags: [...common, "--max-num-seqs", "64", "--enable-prefix-caching", "--enable-prompt-tokens-details"],
};

/** Few KV blocks and a prefix cache, on the smallest model. */
export const tight: Variant = {
  name: "tight",
  model: "tiny-llama",
  flags: [
    ...common,
    ...[
      "--max-num-seqs",
      "64",
      "--max-num-batched-tokens",
      "128",
      "--block-size",
      "32",
      "--num-gpu-blocks-override",
      "48",
    ],
    "--enable-prefix-caching",
  ],
};

export const BLOCK_TOKENS = 32;

/** A prefix cache that keeps everything and says what it found, on the smallest model. */
export const cached: Variant = {
  name: "cached",
  model: "tiny-llama",
  flags: [
    ...common,
    ...["--max-num-seqs", "64", "--block-size", String(BLOCK_TOKENS)],
    ...["--enable-prefix-caching", "--enable-prompt-tokens-details"],
  ],
};
