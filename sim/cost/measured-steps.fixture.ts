/** Step costs of round numbers, for tests. */
import type { StepCosts } from "../../formats/index.js";

export const measuredSteps: StepCosts = {
  settings: { max_num_seqs: 8, async_scheduling: false, enable_prefix_caching: false },
  groups_per_run: 2,
  terms: {
    dense: [
      { basis: "base", coefficient_ns: 10_000 },
      { basis: "tokens", coefficient_ns: 100 },
    ],
    output: [
      { basis: "base", coefficient_ns: 5000 },
      { basis: "rows", coefficient_ns: 50 },
    ],
    decode: [{ basis: "context_tokens", coefficient_ns: 1 }],
    prefill: [
      { basis: "rows", coefficient_ns: 300 },
      { basis: "attention_pairs", coefficient_ns: 2 },
    ],
    move: [
      { basis: "rows", coefficient_ns: 20 },
      { basis: "tokens", coefficient_ns: 3 },
    ],
  },
  schedule: { base_ns: 400, request_ns: 10 },
  update: { base_ns: 200, request_ns: 20 },
  cold_start_ns: 7e6,
  jitter: {
    step: { quantiles: [[0, 0.9], [0.5, 1], [1, 1.2]] }, // prettier-ignore
    host: { quantiles: [[0, 0.5], [0.9, 1], [1, 4]] }, // prettier-ignore
  },
  range: {
    batch: [1, 8],
    step_tokens: [1, 200],
    prefill_tokens: [1, 100],
    prompt_tokens: [1, 100],
    context_tokens: [1, 200],
    attention_pairs: [0, 5050],
  },
  fit: { points: 40, median_ape: 0.01, p90_ape: 0.03 },
  reference: { decodes: 2, context_tokens: 20, chunk_tokens: 8, ms: 0.02 },
};
