/** The scheduler's limits on a machine, from the settings: what vLLM computes when it starts. */
import { ConfigError } from "../../../formats/index.js";
import type { Machine } from "../machine.js";
import { vllmDefaults, type ServerSettings } from "../server-settings.js";
import type { SchedulerLimits } from "./limits.js";
import type { VllmSettings } from "./settings.js";
import { DEFAULT_VERSION, defaultsOf, laterSettings, rulesOf } from "./versions.js";

/** Settings that have no default of their own: the pool follows from memory, the graphs from slots and budget. */
type Derived = "num_gpu_blocks" | "cudagraph_capture_sizes";

/** Settings that are off where they are absent. */
type Off =
  | "data_parallel_size"
  | "enable_expert_parallel"
  | "max_num_active_seqs"
  | "max_num_scheduled_tokens"
  | "max_num_queued_reqs"
  | "max_num_queued_tokens";

/** Settings with every default filled: the user's, else those of the server that the profile is of, else vLLM's. */
export type ResolvedSettings = {
  readonly [Name in Exclude<keyof ServerSettings, Derived | Off>]-?: Exclude<ServerSettings[Name], undefined>;
} & Pick<ServerSettings, Derived | Off> & { readonly vllm_version: string };

/** ConfigError for a setting that the server's version does not have yet, or that the profile was not measured with. */
export function resolveSettings(given: VllmSettings, machine: Machine): ResolvedSettings {
  const { server = {}, serverVersion = DEFAULT_VERSION, positions } = machine;
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as VllmSettings;
  const { vllm_version = serverVersion } = known;
  rejectLater({ ...server, ...known }, known, vllm_version);
  rejectOtherParallelism(known, server);
  rejectOtherExperts(known, machine);
  const { num_gpu_blocks, cudagraph_capture_sizes, ...own } = server;
  // What the server derived from its settings no longer holds where those change.
  const keepsPool = known.block_size === undefined && known.gpu_memory_utilization === undefined;
  const keepsGraphs =
    known.max_num_seqs === undefined && known.max_num_batched_tokens === undefined && known.vllm_version === undefined;
  return {
    vllm_version,
    ...vllmDefaults,
    ...defaultsOf(vllm_version),
    max_model_len: positions,
    ...own,
    ...(keepsPool ? { num_gpu_blocks } : {}),
    ...(keepsGraphs ? { cudagraph_capture_sizes } : {}),
    ...known,
  } as ResolvedSettings;
}

/** A setting may be off at a server without it, unless the user asks for it. */
function rejectLater(settings: VllmSettings, given: VllmSettings, version: string): void {
  for (const [name, since] of laterSettings(version)) {
    const value = settings[name as keyof VllmSettings];
    if (value === undefined || ((value === false || value === 0) && !(name in given))) continue;
    throw new ConfigError(
      `${name}: vLLM ${version} has no such setting, it came with ${since}; leave it out, or give a vllm_version from ` +
        `${since} on`,
    );
  }
}

/** Tensor parallelism is a fact of a profile: it does not show what a step costs on more or fewer GPUs. */
function rejectOtherParallelism(given: ServerSettings, server: ServerSettings): void {
  const { tensor_parallel_size: asked } = given;
  const measured = server.tensor_parallel_size ?? vllmDefaults.tensor_parallel_size;
  if (asked === undefined || asked === measured) return;
  throw new ConfigError(
    `tensor_parallel_size: got ${asked}, expected ${measured}, as the profile was measured; costs on ${asked} GPUs do not ` +
      "follow from it, calibrate a server that runs on that many",
  );
}

/** Whether a model's steps go through experts: its configuration says so, or its server spread them over GPUs. */
export function hasExperts({ hasExperts: isKnown = false, server = {} }: Machine): boolean {
  return isKnown || server.enable_expert_parallel === true;
}

/**
 * Experts that other ranks share cost something else, which no profile of this many shows. Ranks of a dense model have
 * nothing to do with each other, so there may be any number of them.
 */
function rejectOtherExperts(given: ServerSettings, machine: Machine): void {
  const { server = {} } = machine;
  const { data_parallel_size: ranks, enable_expert_parallel: spreads } = given;
  const { data_parallel_size: measuredRanks = 1, enable_expert_parallel: measuredSpread = false } = server;
  if (ranks !== undefined && ranks !== measuredRanks && hasExperts(machine)) {
    throw new ConfigError(
      `data_parallel_size: got ${ranks}, expected ${measuredRanks}, as the profile was measured: its model has experts, whose ` +
        "cost depends on how many ranks they serve; calibrate a server with that many",
    );
  }
  if (spreads === undefined || spreads === measuredSpread) return;
  const why = hasExperts(machine)
    ? "costs with experts placed otherwise do not follow from it"
    : "the profile knows of no experts in its model (model.experts)";
  throw new ConfigError(
    `enable_expert_parallel: got ${spreads}, expected ${measuredSpread}, as the profile was measured; ${why}`,
  );
}

/** ConfigError when no memory is left for KV blocks. Slots are cut to the token budget, as vLLM does. */
export function limitsOf(given: VllmSettings, machine: Machine): SchedulerLimits {
  const settings = resolveSettings(given, machine);
  const { max_num_batched_tokens: budget, max_model_len: maxModelLen } = settings;
  if (!settings.enable_chunked_prefill && budget < maxModelLen) {
    throw new ConfigError(
      `max_num_batched_tokens ${budget} without chunked prefill, expected at least max_model_len ${maxModelLen}`,
    );
  }
  requireAtMost(settings, "max_num_active_seqs", "max_num_seqs");
  requireAtMost(settings, "max_num_scheduled_tokens", "max_num_batched_tokens");
  const maxNumSeqs = Math.min(settings.max_num_seqs, budget);
  const { max_num_active_seqs: active = maxNumSeqs } = settings;
  return {
    rules: rulesOf(settings.vllm_version),
    asyncScheduling: settings.async_scheduling,
    maxNumSeqs,
    maxNumActiveSeqs: Math.min(active, maxNumSeqs),
    maxNumBatchedTokens: budget,
    maxNumScheduledTokens: settings.max_num_scheduled_tokens,
    blockSize: settings.block_size,
    numGpuBlocks: kvBlocksOf(settings, machine),
    maxModelLen,
    chunkedPrefill: settings.enable_chunked_prefill,
    prefixCaching: settings.enable_prefix_caching,
    longPrefillTokenThreshold: settings.long_prefill_token_threshold,
    adaptivePrefillCap: settings.long_prefill_token_threshold_adaptive,
    schedulingPolicy: settings.scheduling_policy,
    watermark: settings.watermark,
    reserveFullIsl: settings.scheduler_reserve_full_isl,
    maxNumQueuedReqs: settings.max_num_queued_reqs,
    maxNumQueuedTokens: settings.max_num_queued_tokens,
  };
}

function requireAtMost(
  settings: ResolvedSettings,
  name: "max_num_active_seqs" | "max_num_scheduled_tokens",
  limit: "max_num_seqs" | "max_num_batched_tokens",
): void {
  const value = settings[name];
  if (value === undefined || value <= settings[limit]) return;
  throw new ConfigError(`${name}: got ${value}, expected at most ${limit}, which is ${settings[limit]}`);
}

/**
 * KV blocks, the null block included: as given, as the profile's server had them, or what memory allows (ConfigError:
 * none).
 */
export function kvBlocksOf(settings: ResolvedSettings, machine: Machine): number {
  if (settings.num_gpu_blocks !== undefined) return settings.num_gpu_blocks;
  const kvBytes = settings.gpu_memory_utilization * machine.totalBytes - machine.baseBytes;
  const blocks = Math.floor(kvBytes / (settings.block_size * machine.kvBytesPerToken));
  if (blocks < 2) {
    throw new ConfigError(
      `no memory is left for KV blocks: ${settings.gpu_memory_utilization} of ${machine.totalBytes} bytes less ` +
        `${machine.baseBytes} bytes of weights and runtime; raise gpu_memory_utilization or give num_gpu_blocks`,
    );
  }
  return blocks;
}
