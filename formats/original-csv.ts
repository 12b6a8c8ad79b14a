/**
 * The CSV of the original Python suite: a row per request, one scheduler after the other. Its `ttft` and `latency` are
 * seconds, its token counts were whitespace words. servesim writes the same columns (with real tokens and an observed
 * TTFT) plus `source` and `repeat`, so that tools made for the old file read the new one.
 */
import { z } from "zod";

export const originalColumns = [
  "scheduler_type",
  "run_num",
  "seq",
  "status",
  "batch_num",
  "current_batch_size",
  "current_peak_mem_usage",
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "latency",
  "ttft",
  "tokens_per_sec",
  "prompt",
  "output_prompt",
  "error",
  "source",
  "repeat",
] as const;

const numeric = z.string().regex(/\S/, "expected a number").pipe(z.coerce.number<string>());
const seconds = numeric.pipe(z.number().nonnegative());

/** The columns that charts need; others may be absent. */
export const originalRowSchema = z.looseObject({
  scheduler_type: z.string().min(1).max(100),
  run_num: numeric.pipe(z.int()),
  seq: numeric.pipe(z.int()),
  status: z.string().default("ok"),
  latency: seconds,
  ttft: seconds,
  tokens_per_sec: seconds,
  output_tokens: numeric.pipe(z.int().nonnegative()),
  source: z.string().optional(),
});

export type OriginalRow = z.output<typeof originalRowSchema>;
