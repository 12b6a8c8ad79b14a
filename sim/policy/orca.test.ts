/** orca step by step: who is admitted when, what a step computes, what memory is held. */
import type { WorkloadRequest } from "../../formats/index.js";
import type { StepCostModel } from "../cost/index.js";
import { simulateSteps, type StepSimulationResult } from "../engine/index.js";
import { gpuOnly, observeSteps, type StepObservation } from "../engine/steps.conformance.js";
import { createOrca, orcaSettings } from "./orca.js";
import { planPolicy } from "./registry.js";

const machine = { totalBytes: 1000, baseBytes: 0, kvBytesPerToken: 1, positions: 4096 };
const cost = (): StepCostModel => gpuOnly({ fixedNs: 100 });

function requestsOf(lengths: readonly (readonly [prompt: number, output: number])[]): WorkloadRequest[] {
  return lengths.map(([promptTokens, outputTokens], index) => ({
    id: String(index),
    promptTokens,
    outputTokens,
    arrivalNs: 0,
  }));
}

function observe(settings: object, lengths: readonly (readonly [number, number])[]): StepObservation {
  const policy = createOrca(orcaSettings.parse(settings), machine);
  const workload = { requests: requestsOf(lengths), maxConcurrency: Infinity, thinkNs: 0 };
  return observeSteps({ workload, policy, saysWork: true, cost: cost() });
}

/** [decodes, prompt tokens, whom it admits] by step. */
function stepsOf({ steps }: StepObservation): unknown[] {
  return steps.map(({ counts }) => [counts.decodeRequests, counts.prefillTokens, counts.admitted]);
}

test("a whole prompt is computed in the step that admits it, beside the decodes of all that run", () => {
  const run = observe({ max_num_seqs: 2, kv_cache_tokens: 10_000 }, [
    [3000, 2],
    [10, 3],
    [500, 1],
  ]);
  expect(stepsOf(run)).toEqual([
    [0, 3010, [0, 1]],
    [2, 0, []],
    [1, 500, [2]],
  ]);
  expect(run.steps[0]!.counts.prefillAttentionPairs).toBe((3000 * 3001) / 2 + (10 * 11) / 2);
  expect(run.steps[1]!.counts.decodeContextTokens).toBe(3010);
});

test("memory for prompt and output is held from admission to end, and who does not fit keeps those behind it waiting", () => {
  const run = observe({ kv_cache_tokens: 100 }, [
    [50, 3],
    [40, 20],
    [10, 2],
  ]);
  // 53 tokens are held: 60 more do not fit, and the last, which would, waits behind them.
  expect(stepsOf(run)).toEqual([
    [0, 50, [0]],
    [1, 0, []],
    [1, 0, []],
    [0, 50, [1, 2]],
    [2, 0, []],
    ...Array.from({ length: 18 }, () => [1, 0, []]),
  ]);
  expect(run.steps.map(({ freeBlocks }) => freeBlocks).slice(0, 6)).toEqual([47, 47, 47, 28, 28, 40]);
  expect(run.freeBlocks).toBe(100);
});

test("a request is rejected that is longer than the model or the whole KV cache", () => {
  const { log } = observe({ max_model_len: 90, kv_cache_tokens: 80 }, [
    [60, 31],
    [60, 30],
    [60, 20],
  ]);
  expect([...log.rejections]).toEqual([
    [0, "91 tokens of prompt and output exceed max_model_len 90"],
    [1, "90 tokens exceed the KV cache, which holds 80"],
  ]);
  expect([...log.ok]).toEqual([0, 0, 1]);
});

test("what nobody asked for is as the profile's vLLM server had it: slots, length, and as many tokens as its blocks held", () => {
  const server = { num_gpu_blocks: 101, block_size: 32, max_num_seqs: 7, max_model_len: 500 };
  const on = (settings: object) => createOrca(orcaSettings.parse(settings), { ...machine, server });
  expect(on({}).settings).toEqual({
    max_num_seqs: 7,
    max_model_len: 500,
    gpu_memory_utilization: 0.92,
    kv_cache_tokens: 3200,
  });
  expect(on({ gpu_memory_utilization: 0.5 }).settings).toMatchObject({ kv_cache_tokens: 15 * 32 - 32 });
  expect(on({ kv_cache_tokens: 77, max_num_seqs: 3 }).settings).toMatchObject({ kv_cache_tokens: 77, max_num_seqs: 3 });
});

test("with the same memory vllm, which takes blocks as it needs them, has more requests in work and is done earlier", () => {
  const requests = requestsOf(Array.from({ length: 40 }, () => [20, 80] as const));
  const workload = { requests, maxConcurrency: Infinity, thinkNs: 0 };
  const run = (name: string, settings: object): StepSimulationResult => {
    const plan = planPolicy(name, settings, { source: "test" });
    if (plan.work !== "step") throw new Error(`${name} runs batches`);
    return simulateSteps({ workload, policy: plan.create(machine), cost, engine: "fast" });
  };
  const orca = run("orca", { kv_cache_tokens: 800 });
  const vllm = run("vllm", {
    num_gpu_blocks: 51,
    block_size: 16,
    max_num_batched_tokens: 4096,
    async_scheduling: false,
  });
  const endNs = ({ log }: StepSimulationResult): number => Math.max(...log.lastTokenNs);
  // Eight of a hundred tokens at once, five times.
  expect(endNs(orca)).toBe(5 * 80 * 100);
  expect(orca.kvHighWater).toEqual([800]);
  expect(orca.preemptions).toBe(0);
  expect(orca.jumpedSteps).toBe(5 * 78);
  expect(endNs(vllm)).toBeLessThan(endNs(orca));
});
