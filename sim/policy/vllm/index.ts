/** The vllm policy: continuous batching over a paged KV cache. */
import { ConfigError } from "../../../formats/index.js";
import type { Policy } from "../policy.js";
import type { Machine } from "../machine.js";
import { VllmScheduler } from "./scheduler.js";
import type { VllmSettings } from "./settings.js";

export { vllmSettings } from "./settings.js";

export function createVllm(settings: VllmSettings, machine: Machine): Policy {
  return new VllmScheduler({
    maxNumSeqs: settings.max_num_seqs,
    maxNumBatchedTokens: settings.max_num_batched_tokens,
    blockSize: settings.block_size,
    numGpuBlocks: settings.num_gpu_blocks ?? blocksThatFit(settings, machine),
    maxModelLen: settings.max_model_len ?? machine.positions,
    chunkedPrefill: settings.enable_chunked_prefill,
  });
}

function blocksThatFit(settings: VllmSettings, machine: Machine): number {
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
