import { check, ConfigError } from "../../../formats/index.js";
import { limitsOf } from "./limits-of.js";
import type { SchedulerLimits } from "./limits.js";
import { vllmSettings } from "./settings.js";

const machine = { totalBytes: 1e6, baseBytes: 2e5, kvBytesPerToken: 100, positions: 64 };

function limits(settings: object, on = machine): SchedulerLimits {
  return limitsOf(check(vllmSettings, settings, { source: "scene" }), on);
}

describe("the limits of the vllm policy", () => {
  it("are vLLM's defaults where nothing is said", () => {
    expect(limits({})).toMatchObject({
      asyncScheduling: true,
      prefixCaching: true,
      chunkedPrefill: true,
      reserveFullIsl: true,
      longPrefillTokenThreshold: 0,
      schedulingPolicy: "fcfs",
      watermark: 0,
      blockSize: 16,
      maxModelLen: 64,
    });
  });

  it("size the pool by the memory that is left, and say so when none is", () => {
    // 0.92 of 1 MB less 0.2 MB is 720 kB; a block of 16 tokens is 1,600 B.
    expect(limits({}).numGpuBlocks).toBe(450);
    expect(limits({ num_gpu_blocks: 9 }).numGpuBlocks).toBe(9);
    expect(() => limits({}, { ...machine, baseBytes: 9.19e5 })).toThrow(ConfigError);
  });

  it("cut the seats to the token budget", () => {
    expect(limits({ max_num_seqs: 64, max_num_batched_tokens: 32 }).maxNumSeqs).toBe(32);
  });

  it.each([
    "speculative_config",
    "enable_lora",
    "kv_transfer_config",
    "pipeline_parallel_size",
    "data_parallel_size",
    "stream_interval",
    "sliding_window",
  ])("refuse %s by name: it is not modelled", (option) => {
    expect(() => limits({ [option]: 1 })).toThrow(new RegExp(`"${option}" is not modelled`));
  });

  it("take the tensor parallelism that the profile was measured with, and reject another with the reason", () => {
    const on = { ...machine, server: { tensor_parallel_size: 4 } };
    expect(limits({ tensor_parallel_size: 4 }, on).maxNumSeqs).toBe(128);
    expect(limits({ tensor_parallel_size: 1 }).maxNumSeqs).toBe(128);
    expect(() => limits({ tensor_parallel_size: 2 }, on)).toThrow(
      "tensor_parallel_size: got 2, expected 4, as the profile was measured; costs on 2 GPUs do not follow from it",
    );
    expect(() => limits({ tensor_parallel_size: 2 })).toThrow("got 2, expected 1");
  });

  it("refuse an option that vLLM has not, a policy it has not, and a budget below whole prompts", () => {
    expect(() => limits({ max_num_sequences: 4 })).toThrow(/unknown key "max_num_sequences".*max_num_seqs/);
    expect(() => limits({ scheduling_policy: "lifo" })).toThrow("scheduling_policy");
    expect(() => limits({ enable_chunked_prefill: false, max_num_batched_tokens: 8, max_model_len: 9 })).toThrow(
      "max_num_batched_tokens",
    );
  });
});
