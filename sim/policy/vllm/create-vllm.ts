/** vllm on a machine: its settings in force, its limits, its schedulers. */
import type { Machine } from "../machine.js";
import type { StepPolicy } from "../step-policy.js";
import { hasExperts, limitsOf, resolveSettings } from "./limits-of.js";
import { vllmSchedulers } from "./schedulers.js";
import type { VllmSettings } from "./settings.js";
import { dataParallelRules } from "./versions.js";

/** ConfigError for settings that the server's version lacks, that contradict each other, or that leave no KV blocks. */
export function createVllm(given: VllmSettings, machine: Machine): StepPolicy {
  const limits = limitsOf(given, machine);
  const settings = resolveSettings(given, machine);
  const { maxNumSeqs, maxNumBatchedTokens, numGpuBlocks } = limits;
  const { data_parallel_size: ranks = 1, vllm_version } = settings;
  const schedulers = vllmSchedulers(limits);
  const { prefixCache } = schedulers;
  return {
    ...schedulers,
    ...(prefixCache === undefined ? {} : { prefixCache: { ...prefixCache, kvTokens: ranks * prefixCache.kvTokens } }),
    settings: { ...settings, num_gpu_blocks: numGpuBlocks },
    captureSizes: settings.enforce_eager ? [] : settings.cudagraph_capture_sizes,
    vllmVersion: vllm_version,
    ...(ranks === 1
      ? {}
      : { dataParallel: { ranks, isLockstep: hasExperts(machine), rules: dataParallelRules(vllm_version) } }),
    doubled: {
      seats: { max_num_seqs: 2 * maxNumSeqs },
      kv_blocks: { num_gpu_blocks: 2 * numGpuBlocks },
      token_budget: { max_num_batched_tokens: 2 * maxNumBatchedTokens },
    },
  };
}
