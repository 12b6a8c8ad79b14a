/** The scheduler's limits on a machine, from the settings: what vLLM works out when it starts. */
import { ConfigError } from "../../../formats/index.js";
import type { Machine } from "../machine.js";
import type { SchedulerLimits } from "./limits.js";
import { vllmDefaults, type ServerSettings, type VllmSettings } from "./settings.js";

/** Settings that have no default of their own: the pool follows from memory, the graphs from seats and budget. */
type Derived = "num_gpu_blocks" | "cudagraph_capture_sizes";

/** Settings with every default filled: the user's, else those of the server that the profile is of, else vLLM's. */
export type ResolvedSettings = {
  readonly [Name in Exclude<keyof ServerSettings, Derived>]-?: Exclude<ServerSettings[Name], undefined>;
} & Pick<ServerSettings, Derived>;

export function resolveSettings(given: VllmSettings, { server = {}, positions }: Machine): ResolvedSettings {
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ServerSettings;
  refuseOtherParallelism(known, server);
  const { num_gpu_blocks, cudagraph_capture_sizes, ...own } = server;
  // What the server derived from its settings holds no more where those are others.
  const keepsPool = known.block_size === undefined && known.gpu_memory_utilization === undefined;
  const keepsGraphs = known.max_num_seqs === undefined && known.max_num_batched_tokens === undefined;
  return {
    ...vllmDefaults,
    max_model_len: positions,
    ...own,
    ...(keepsPool ? { num_gpu_blocks } : {}),
    ...(keepsGraphs ? { cudagraph_capture_sizes } : {}),
    ...known,
  } as ResolvedSettings;
}

/** Tensor parallelism is a fact of a profile: what a step costs on more or fewer GPUs does not follow from it. */
function refuseOtherParallelism(given: ServerSettings, server: ServerSettings): void {
  const { tensor_parallel_size: asked } = given;
  const measured = server.tensor_parallel_size ?? vllmDefaults.tensor_parallel_size;
  if (asked === undefined || asked === measured) return;
  throw new ConfigError(
    `tensor_parallel_size: got ${asked}, expected ${measured}, as the profile was measured; costs on ${asked} GPUs do not ` +
      "follow from it, calibrate a server that runs on so many",
  );
}

/** ConfigError when no memory is left for KV blocks. Seats are cut to the token budget, as vLLM does. */
export function limitsOf(given: VllmSettings, machine: Machine): SchedulerLimits {
  const settings = resolveSettings(given, machine);
  const { max_num_batched_tokens: budget, max_model_len: maxModelLen } = settings;
  if (!settings.enable_chunked_prefill && budget < maxModelLen) {
    throw new ConfigError(
      `max_num_batched_tokens ${budget} without chunked prefill, expected at least max_model_len ${maxModelLen}`,
    );
  }
  return {
    asyncScheduling: settings.async_scheduling,
    maxNumSeqs: Math.min(settings.max_num_seqs, budget),
    maxNumBatchedTokens: budget,
    blockSize: settings.block_size,
    numGpuBlocks: settings.num_gpu_blocks ?? blocksThatFit(settings, machine),
    maxModelLen,
    chunkedPrefill: settings.enable_chunked_prefill,
    prefixCaching: settings.enable_prefix_caching,
    longPrefillTokenThreshold: settings.long_prefill_token_threshold,
    schedulingPolicy: settings.scheduling_policy,
    watermark: settings.watermark,
    reserveFullIsl: settings.scheduler_reserve_full_isl,
  };
}

function blocksThatFit(settings: ResolvedSettings, machine: Machine): number {
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
