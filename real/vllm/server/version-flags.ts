/**
 * The flags of `vllm serve` by release, 0.19 to 0.32, and what was read of them that the simulator has no use for. Taken from the
 * Python of the CPU builds of these releases, which is vLLM's own: vllm/engine/arg_utils.py,
 * vllm/entrypoints/{openai,launchers}/cli_args.py; what is said of one flag names its source.
 */
import { releaseOf } from "../../../sim/index.js";
import type { ServeFlag } from "./serve-flags.js";

/** Of 0.x. */
type Minor = number;

/** In all of these releases. */
const ALWAYS = words(`
  additional_config aggregate_engine_logging all2all_backend allow_credentials allow_deprecated_quantization
  allowed_headers allowed_local_media_path allowed_media_domains allowed_methods allowed_origins api_key
  api_server_count async_scheduling attention_backend attention_config block_size chat_template
  chat_template_content_format code_revision collect_detailed_traces compilation_config config config_format
  convert cp_kv_cache_interleave_size cpu_offload_gb cpu_offload_params cudagraph_capture_sizes
  cudagraph_metrics data_parallel_address data_parallel_backend data_parallel_external_lb
  data_parallel_hybrid_lb data_parallel_rank data_parallel_rpc_port data_parallel_size data_parallel_size_local
  data_parallel_start_rank dbo_decode_token_threshold dbo_prefill_token_threshold dcp_comm_backend
  dcp_kv_cache_interleave_size decode_context_parallel_size default_chat_template_kwargs default_mm_loras
  disable_access_log_for_endpoints disable_cascade_attn disable_chunked_mm_input disable_custom_all_reduce
  disable_fastapi_docs disable_hybrid_kv_cache_manager disable_log_stats disable_nccl_for_dp_synchronization
  disable_sliding_window disable_uvicorn_access_log distributed_executor_backend distributed_timeout_seconds
  download_dir dtype ec_transfer_config enable_auto_tool_choice enable_chunked_prefill enable_dbo
  enable_elastic_ep enable_ep_weight_filter enable_eplb enable_expert_parallel enable_flashinfer_autotune
  enable_force_include_usage enable_layerwise_nvtx_tracing enable_log_deltas enable_log_outputs
  enable_log_requests enable_logging_iteration_details enable_lora enable_mfu_metrics enable_mm_embeds
  enable_offline_docs enable_prefix_caching enable_prompt_embeds enable_prompt_tokens_details
  enable_request_id_headers enable_return_routed_experts enable_server_load_tracking enable_sleep_mode
  enable_ssl_refresh enable_tokenizer_info_endpoint enable_tower_connector_lora enforce_eager eplb_config
  exclude_tools_when_tool_choice_none expert_placement_strategy fail_on_environ_validation fully_sharded_loras
  gdn_prefill_backend generation_config gpu_memory_utilization h11_max_header_count
  h11_max_incomplete_event_size headless hf_config_path hf_overrides hf_token host ignore_patterns
  interleave_mm_strings io_processor_plugin kernel_config kv_cache_dtype kv_cache_dtype_skip_layers
  kv_cache_memory_bytes kv_cache_metrics kv_cache_metrics_sample kv_events_config kv_offloading_backend
  kv_offloading_size kv_sharing_fast_prefill kv_transfer_config language_model_only limit_mm_per_prompt
  load_format log_config_file log_error_stack logits_processors logprobs_mode long_prefill_token_threshold
  lora_dtype lora_modules lora_target_modules mamba_block_size mamba_cache_dtype mamba_cache_mode
  mamba_ssm_cache_dtype master_addr master_port max_cpu_loras max_cudagraph_capture_size max_log_len
  max_logprobs max_lora_rank max_loras max_model_len max_num_batched_tokens max_num_seqs
  max_parallel_loading_workers media_io_kwargs middleware mm_encoder_attn_backend mm_encoder_only
  mm_encoder_tp_mode mm_processor_cache_gb mm_processor_cache_type mm_processor_kwargs
  mm_shm_cache_max_object_size_mb mm_tensor_ipc model model_impl model_loader_extra_config moe_backend nnodes
  node_rank num_gpu_blocks_override offload_backend offload_group_size offload_num_in_group offload_params
  offload_prefetch_step optimization_level otlp_traces_endpoint override_generation_config performance_mode
  pipeline_parallel_size pooler_config port prefill_context_parallel_size prefix_caching_hash_algo
  profiler_config pt_load_map_location quantization ray_workers_use_nsight reasoning_config reasoning_parser
  reasoning_parser_plugin renderer_num_workers response_role return_tokens_as_token_ids revision root_path
  runner safetensors_load_strategy scheduler_cls scheduler_reserve_full_isl scheduling_policy seed
  served_model_name show_hidden_metrics_for_version shutdown_timeout skip_mm_profiling skip_tokenizer_init
  specialize_active_lora speculative_config ssl_ca_certs ssl_cert_reqs ssl_certfile ssl_ciphers ssl_keyfile
  stream_interval structured_outputs_config tensor_parallel_size tokenizer tokenizer_mode tokenizer_revision
  tokens_only tool_call_parser tool_parser_plugin tool_server trust_remote_code trust_request_chat_template
  ubatch_size uds use_tqdm_on_load uvicorn_log_level video_pruning_rate weight_transfer_config worker_cls
  worker_extension_cls`);

/** The first release with each flag that came later. */
const firstRelease = releases({
  20: `
    enable_flash_late_interaction enable_mamba_cache_stochastic_rounding grpc ir_op_priority mamba_backend
    mamba_cache_philox_rounds numa_bind numa_bind_cpus numa_bind_nodes`,
  21: `
    fingerprint_mode fingerprint_value mm_encoder_attn_dtype mm_encoder_fp8_scale_path
    mm_encoder_fp8_scale_save_margin mm_encoder_fp8_scale_save_path safetensors_prefetch_block_size
    safetensors_prefetch_num_threads`,
  22: `
    cpu_distributed_timeout_seconds data_parallel_multi_port_external_lb data_parallel_supervisor_port
    dp_supervisor_probe_failure_threshold dp_supervisor_probe_interval_s dp_supervisor_probe_timeout_s
    enable_cumem_allocator enable_mixed_moe_lora_format linear_backend quantization_config spec_method
    spec_model spec_tokens use_fp64_gumbel`,
  24: `
    device_ids diffusion_config jit_monitor_verbose prefill_schedule_interval watermark`,
  25: `
    enable_per_request_metrics jit_monitor_mode mm_ipc_gpu_memory_gb model_class_overrides`,
  26: `
    enable_bf16x3_router_gemm enable_moe_shared_loras max_num_scheduled_tokens prefix_match_unit`,
  27: `
    cohere_format cohere_is_reasoning_model enable_fault_tolerance fault_tolerance_config kda_prefill_backend
    mamba_ssu_algorithm mm_hasher_algorithm replayssm_buffer_len use_replayssm video_pruning_method`,
  28: `
    ec_manager_config mm_device_do_normalize mm_processor_device return_sampling_mask`,
  29: `
    dcp_q_replicate enable_batch_sharded_sampling enable_trace_replay max_num_queued_reqs max_num_queued_tokens
    per_request_spec_decode_metrics prefix_cache_retention_interval sse_keep_alive_interval`,
  30: `
    dp_sync_interval elastic_ep_max_dp_size enable_mamba_fine_grained_prefix_cache enable_nccl_comm_suspend
    enable_scale_out engram_config kda_decode_backend sparse_indexer_topk_backend watermark_config`,
  31: `
    anthropic_disabled_thinking_effort aux_output_config device_memory_utilization
    enable_mamba_shared_prefix_checkpoint log_level logging_config long_prefill_token_threshold_adaptive
    max_lora_cls_labels max_num_active_seqs sleep_preserve_parameter_names swa_bounded_replay tool_strict_level
    trust_request_mm_kwargs`,
  32: `
    custom_histogram_buckets enable_hc_sp enable_shm_tensor_arena grpc_port sleep_mode_offload_cudagraph`,
});

/** The last release with each flag that went. */
const lastRelease = releases({
  26: `
    max_long_partial_prefills max_num_partial_prefills`,
  27: `
    calculate_kv_scales override_attention_dtype`,
  29: `
    enable_bf16x3_router_gemm`,
  30: `
    enable_mamba_fine_grained_prefix_cache`,
});

/** Flags that a release takes and makes nothing of, from `since` on. */
const ignored: Readonly<Record<string, { readonly since: Minor; readonly why: string }>> = {
  // vllm/config/parallel.py
  max_parallel_loading_workers: { since: 19, why: "the server only logs a warning" },
  // vllm/config/model.py
  disable_cascade_attn: { since: 32, why: "cascade attention is gone, and 0.33 is to drop the flag" },
};

/** Flags that end the server at its start with any value but this. Source: vllm/engine/arg_utils.py. */
const onlyValue: Readonly<Record<string, string>> = { max_num_partial_prefills: "1", max_long_partial_prefills: "1" };

export interface FlagVerdict {
  /** "unheard": in none of these releases. */
  readonly state: "unheard" | "unknown" | "ignored";
  readonly why: string;
}

/** What a version makes of a flag, where that is not what it says; undefined: it does what it says. */
export function flagVerdict({ name, value }: ServeFlag, version: string): FlagVerdict | undefined {
  const release = releaseOf(version);
  const [first, last] = [firstRelease.get(name), lastRelease.get(name)];
  if (first === undefined && last === undefined && !ALWAYS.has(name)) {
    return { state: "unheard", why: "no release from 0.19 to 0.32 has such a flag" };
  }
  if (first !== undefined && first > release) {
    return { state: "unknown", why: `it came with 0.${first}, and a server of ${version} does not start with it` };
  }
  if (last !== undefined && last < release) {
    return {
      state: "unknown",
      why: `0.${last} was the last to have it, and a server of ${version} does not start with it`,
    };
  }
  const only = onlyValue[name];
  if (only !== undefined && value !== only) {
    return { state: "unknown", why: `a server of ${version} starts with no value but ${only}` };
  }
  const { since = Infinity, why = "" } = ignored[name] ?? {};
  return since <= release ? { state: "ignored", why } : undefined;
}

/** What releases do before `until`, and is simulated as later ones do it. */
const notModelled: readonly { readonly from?: Minor; readonly until: Minor; readonly what: string }[] = [
  // vllm/envs.py, VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS
  {
    until: 20,
    what: "memory of CUDA graphs comes on top of gpu_memory_utilization; simulated as part of it, as from 0.20 on",
  },
  // vllm/config/vllm.py, DEFAULT_V2_MODEL_RUNNER_ARCHITECTURES
  {
    from: 22,
    until: 23,
    what: "dense Qwen3 models run on the newer model runner; simulated on the older, as all others",
  },
  {
    from: 23,
    until: 25,
    what: "models other than Llama, Mistral and Qwen3 run on the older model runner; simulated on the newer, as from 0.25 on",
  },
  // vllm/v1/core/sched/scheduler.py, #48245
  { until: 27, what: "output in flight at a preemption may be dropped; simulated as delivered, as from 0.27 on" },
  // vllm/v1/core/kv_cache_manager.py, #48860
  { until: 27, what: "prefix-cache metrics count every look-up; simulated as once per admission, as from 0.27 on" },
  // vllm/v1/core/block_pool.py, #48017 to #51482
  { from: 27, until: 28, what: "without prefix caching, other blocks are taken next than those simulated; as many" },
  // vllm/v1/core/sched/scheduler.py, #49206
  {
    until: 28,
    what: "with scheduling_policy priority, a preemption may cost the next request its turn; simulated without, as from 0.28 on",
  },
];

/** What the version does and is simulated as later ones do it, a sentence each. */
export function notModelledIn(version: string): string[] {
  const release = releaseOf(version);
  return notModelled.filter(({ from = 0, until }) => from <= release && release < until).map(({ what }) => what);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

function releases(table: Readonly<Record<Minor, string>>): ReadonlyMap<string, Minor> {
  return new Map(
    Object.entries(table).flatMap(([release, text]) =>
      [...words(text)].map((name) => [name, Number(release)] as const),
    ),
  );
}
