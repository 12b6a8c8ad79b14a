/**
 * Settings of the vllm policy, by vLLM's names. What vLLM has and this policy does not model yet is refused by name
 * instead of being accepted in silence.
 */
import { z } from "zod";

const notModelled = [
  "async_scheduling",
  "enable_prefix_caching",
  "long_prefill_token_threshold",
  "scheduling_policy",
  "speculative_config",
  "enable_lora",
  "kv_transfer_config",
  "tensor_parallel_size",
  "pipeline_parallel_size",
] as const;

const refused = Object.fromEntries(
  notModelled.map((name) => [name, z.never(`"${name}" is not modelled yet, leave it out`).optional()]),
) as Record<(typeof notModelled)[number], z.ZodOptional<z.ZodNever>>;

export const vllmSettings = z
  .strictObject({
    max_num_seqs: z.int().positive().default(128).describe("requests in the running list"),
    max_num_batched_tokens: z.int().positive().default(2048).describe("token budget of a step"),
    block_size: z.int().positive().default(16).describe("tokens per KV block"),
    num_gpu_blocks: z.int().min(2).optional().describe("KV blocks, one of them reserved; absent: what memory allows"),
    gpu_memory_utilization: z.number().positive().max(1).default(0.9).describe("fraction of memory for weights and KV"),
    max_model_len: z.int().positive().optional().describe("prompt plus output; absent: the model's positions"),
    enable_chunked_prefill: z.boolean().default(true).describe("cut a long prompt to the budget that is left"),
    ...refused,
  })
  .refine(
    (s) => s.enable_chunked_prefill || s.max_model_len === undefined || s.max_num_batched_tokens >= s.max_model_len,
    {
      message: "without chunked prefill expected max_num_batched_tokens to be at least max_model_len",
      path: ["max_num_batched_tokens"],
    },
  );

export type VllmSettings = z.output<typeof vllmSettings>;
