import { check, ConfigError } from "../../../formats/index.js";
import type { Machine } from "../machine.js";
import { createVllm } from "./create-vllm.js";
import { limitsOf, resolveSettings } from "./limits-of.js";
import type { SchedulerLimits } from "./limits.js";
import type { ServerSettings } from "../server-settings.js";
import { vllmSettings } from "./settings.js";

const machine: Machine = { totalBytes: 1e6, baseBytes: 2e5, kvBytesPerToken: 100, positions: 64 };

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

  it("cut the slots to the token budget", () => {
    expect(limits({ max_num_seqs: 64, max_num_batched_tokens: 32 }).maxNumSeqs).toBe(32);
  });

  it.each([
    "speculative_config",
    "enable_lora",
    "kv_transfer_config",
    "pipeline_parallel_size",
    "data_parallel_external_lb",
    "stream_interval",
    "sliding_window",
    "prefix_cache_retention_interval",
    "decoder_replay_cudagraph_capture_sizes",
    "dp_sync_interval",
  ])("reject %s by name: it is not modelled", (option) => {
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

  it("take any number of data parallel ranks of a dense model, and of one with experts that of the profile alone", () => {
    const ranksOf = (settings: object, on: Machine = machine): number | undefined =>
      createVllm(check(vllmSettings, settings, { source: "test" }), on).dataParallel?.ranks;
    expect([ranksOf({}), ranksOf({ data_parallel_size: 1 }), ranksOf({ data_parallel_size: 3 })]).toEqual([
      undefined,
      undefined,
      3,
    ]);
    const experts = { ...machine, hasExperts: true, server: { data_parallel_size: 2, enable_expert_parallel: true } };
    expect(ranksOf({}, experts)).toBe(2);
    expect(() => ranksOf({ data_parallel_size: 4 }, experts)).toThrow(
      "data_parallel_size: got 4, expected 2, as the profile was measured: its model has experts",
    );
    expect(() => ranksOf({ enable_expert_parallel: false }, experts)).toThrow(
      "enable_expert_parallel: got false, expected true, as the profile was measured; costs with experts placed otherwise",
    );
    expect(() => ranksOf({ enable_expert_parallel: true })).toThrow("knows of no experts in its model");
  });

  it("reject an option that vLLM has not, a policy it has not, and a budget below whole prompts", () => {
    expect(() => limits({ max_num_sequences: 4 })).toThrow(/unknown key "max_num_sequences".*max_num_seqs/);
    expect(() => limits({ scheduling_policy: "lifo" })).toThrow("scheduling_policy");
    expect(() => limits({ num_gpu_blocks: 1e12 })).toThrow(/num_gpu_blocks: got 1000000000000, expected .*100000000/);
    expect(() => limits({ block_size: 1e6 })).toThrow(/block_size: got 1000000, expected .*65536/);
    expect(() => limits({ cudagraph_capture_sizes: [8, 1e11] })).toThrow(
      /cudagraph_capture_sizes\[1\]: got 100000000000/,
    );
    expect(() => limits({ enable_chunked_prefill: false, max_num_batched_tokens: 8, max_model_len: 9 })).toThrow(
      "max_num_batched_tokens",
    );
  });

  it("go by the version that is given, else by the profile's, else by the newest that is known", () => {
    const cap = (settings: object, on: Machine = machine): boolean => limits(settings, on).rules.sparesLoneRequest;
    const recorded = { ...machine, serverVersion: "0.26.0", server: {} };
    expect([cap({}), cap({}, recorded), cap({ vllm_version: "0.31" }, recorded)]).toEqual([true, false, true]);
    expect(() => limits({ vllm_version: "main" })).toThrow("expected a version of vLLM, such as 0.32 or 0.28.1");
    expect(() => limits({ vllm_version: 0.32 })).toThrow('in quotes, such as "0.32"');
  });

  it("take options of later versions, and reject them for an earlier one with the version that has them", () => {
    const options = {
      max_num_active_seqs: 8,
      max_num_queued_reqs: 20,
      max_num_queued_tokens: 900,
      long_prefill_token_threshold_adaptive: true,
      max_num_scheduled_tokens: 256,
    };
    expect(limits(options)).toMatchObject({
      maxNumActiveSeqs: 8,
      maxNumQueuedReqs: 20,
      maxNumQueuedTokens: 900,
      adaptivePrefillCap: true,
      maxNumScheduledTokens: 256,
    });
    const { max_num_active_seqs, max_num_queued_reqs } = options;
    expect(() => limits({ vllm_version: "0.30.0", max_num_active_seqs })).toThrow(/max_num_active_seqs: .*0\.31\.0/);
    expect(limits({ vllm_version: "0.30.0", max_num_queued_reqs }).maxNumQueuedReqs).toBe(20);
    expect(() => limits({ vllm_version: "0.28.0", max_num_queued_reqs })).toThrow(/max_num_queued_reqs: .*0\.29\.0/);
  });

  it("reject an earlier version for a server that uses what came later, not for one that has it switched off", () => {
    const on = (server: ServerSettings): Machine => ({ ...machine, serverVersion: "0.32.0", server });
    const earlier = { vllm_version: "0.30.0" };
    expect(() => limits(earlier, on({ max_num_active_seqs: 4 }))).toThrow("max_num_active_seqs: vLLM 0.30.0");
    expect(limits(earlier, on({ long_prefill_token_threshold_adaptive: false })).adaptivePrefillCap).toBe(false);
    expect(limits({ vllm_version: "0.23.0" }, on({ watermark: 0 })).watermark).toBe(0);
    expect(() => limits({ vllm_version: "0.23.0" }, on({ watermark: 0.1 }))).toThrow("watermark: vLLM 0.23.0");
  });

  it("have the version's own default where nobody says otherwise", () => {
    const share = (vllm_version: string, server: ServerSettings = {}): number =>
      resolveSettings({ vllm_version }, { ...machine, server }).gpu_memory_utilization;
    expect([share("0.19.0"), share("0.20.0"), share("0.32.0")]).toEqual([0.9, 0.92, 0.92]);
    expect(share("0.19.0", { gpu_memory_utilization: 0.8 })).toBe(0.8);
  });

  it("keep active slots within the slots, and a step's tokens within the budget", () => {
    expect(() => limits({ max_num_active_seqs: 129 })).toThrow("expected at most max_num_seqs, which is 128");
    expect(() => limits({ max_num_scheduled_tokens: 2049 })).toThrow("expected at most max_num_batched_tokens");
    expect(limits({ max_num_seqs: 64, max_num_batched_tokens: 32 }).maxNumActiveSeqs).toBe(32);
  });

  it("derive the graphs again where another version is asked for", () => {
    const recorded = { ...machine, serverVersion: "0.26.0", server: { cudagraph_capture_sizes: [1, 2] } };
    expect(resolveSettings({}, recorded).cudagraph_capture_sizes).toEqual([1, 2]);
    expect(resolveSettings({ vllm_version: "0.32.0" }, recorded).cudagraph_capture_sizes).toBeUndefined();
  });
});
