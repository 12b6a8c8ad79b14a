/**
 * Settings of the vllm policy, by vLLM's names and with its defaults. A vLLM setting that this policy does not model is
 * rejected by name instead of being silently accepted.
 */
import { z } from "zod";
import { serverShape } from "../server-settings.js";
import { DEFAULT_VERSION, VERSION_PATTERN } from "./versions.js";

const notModelled = [
  "speculative_config",
  "enable_lora",
  "kv_transfer_config",
  "pipeline_parallel_size",
  "decode_context_parallel_size",
  "stream_interval",
  "sliding_window",
  "attention_chunk_size",
  "data_parallel_backend",
  "data_parallel_external_lb",
  "data_parallel_hybrid_lb",
  "data_parallel_rank",
  "api_server_count",
  "enable_eplb",
  "prefill_schedule_interval",
  "max_num_partial_prefills",
  "max_long_partial_prefills",
  "max_num_encoder_input_tokens",
  "kv_cache_memory_bytes",
  "kv_cache_dtype",
  "kv_offloading_size",
  "cpu_offload_gb",
  "scheduler_cls",
  "ubatch_size",
  "enable_dbo",
  // New from 0.29 to 0.32.
  "prefix_cache_retention_interval",
  "enable_mamba_shared_prefix_checkpoint",
  "swa_bounded_replay",
  "dp_sync_interval",
  "disable_eagle_block_drop",
  "cudagraph_decoder_replay",
  "decoder_replay_cudagraph_capture_sizes",
  "decoder_replay_trim_threshold",
] as const;

const rejected = Object.fromEntries(
  notModelled.map((name) => [name, z.never(`"${name}" is not modelled, leave it out`).optional()]),
) as Record<(typeof notModelled)[number], z.ZodOptional<z.ZodNever>>;

const version = z
  .string('expected a version in quotes, such as "0.32"')
  .regex(VERSION_PATTERN, "expected a version of vLLM, such as 0.32 or 0.28.1")
  .optional()
  .describe(
    `release of vLLM whose rules, CUDA graphs and settings apply (the profile's server's, or ${DEFAULT_VERSION})`,
  );

export const vllmSettings = z.strictObject({ vllm_version: version, ...serverShape, ...rejected });

export type VllmSettings = z.output<typeof vllmSettings>;
