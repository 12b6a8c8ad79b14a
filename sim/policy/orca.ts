/**
 * orca: iteration-level scheduling as Orca does it with one worker (Yu et al., OSDI 2022, algorithm 1). Every step runs all
 * running requests and admits waiting ones in order of arrival, while slots and memory last. A prompt is computed whole
 * in the step that admits it. Memory for prompt and longest output is reserved then, so nothing is preempted. There is no
 * paging and no prefix cache: a KV block is one token's.
 */
import { z } from "zod";
import { ConfigError } from "../../formats/index.js";
import { Fifo } from "../kernel/index.js";
import type { Machine } from "./machine.js";
import type { StepPolicy } from "./step-policy.js";
import {
  attentionPairs,
  type EngineStep,
  type SchedulerRequest,
  type StepAssignment,
  type StepScheduler,
  type TokenSink,
} from "./step.js";
import { kvBlocksOf, resolveSettings, rulesOf, vllmSettings } from "./vllm/index.js";

const { max_num_seqs, max_model_len, gpu_memory_utilization } = vllmSettings.shape;

export const orcaSettings = z.strictObject({
  max_num_seqs,
  max_model_len,
  gpu_memory_utilization,
  kv_cache_tokens: z
    .int()
    .positive()
    .optional()
    .describe(
      "tokens that the KV cache holds, each a KV block of the result (the profile's server's, or what memory allows)",
    ),
});

/** Memory, kernels and CUDA graphs are those of the vLLM server of the profile, where it is of one. */
export function createOrca(given: z.output<typeof orcaSettings>, machine: Machine): StepPolicy {
  const { kv_cache_tokens: asked, ...known } = given;
  const engine = resolveSettings(known, machine);
  const { data_parallel_size: ranks = 1 } = engine;
  if (ranks > 1) {
    throw new ConfigError(
      `orca on a profile of a vLLM server with data_parallel_size ${ranks} is not modelled, it runs on one engine; take a ` +
        "profile of one, and --replicas for several",
    );
  }
  const settings = {
    max_num_seqs: engine.max_num_seqs,
    max_model_len: engine.max_model_len,
    gpu_memory_utilization: engine.gpu_memory_utilization,
    kv_cache_tokens: asked ?? (kvBlocksOf(engine, machine) - 1) * engine.block_size,
  };
  return {
    settings,
    limits: {
      rules: rulesOf(engine.vllm_version),
      maxNumSeqs: settings.max_num_seqs,
      maxNumBatchedTokens: Infinity,
      maxModelLen: settings.max_model_len,
      chunkedPrefill: false,
    },
    captureSizes: engine.enforce_eager ? [] : engine.cudagraph_capture_sizes,
    isFifo: true,
    doubled: {
      seats: { max_num_seqs: 2 * settings.max_num_seqs },
      kv_blocks: { kv_cache_tokens: 2 * settings.kv_cache_tokens },
    },
    choose: ({ requests }) => ({ make: () => new OrcaScheduler(settings, requests) }),
  };
}

/** A request that runs. */
interface Member {
  readonly index: number;
  /** Tokens of memory that it holds. */
  readonly reserved: number;
  /** Tokens whose KV is computed. */
  computed: number;
  /** Output tokens still to come. */
  left: number;
}

interface OrcaStep extends EngineStep {
  readonly members: readonly Member[];
}

interface OrcaLimits {
  readonly max_num_seqs: number;
  readonly max_model_len: number;
  readonly kv_cache_tokens: number;
}

class OrcaScheduler implements StepScheduler<OrcaStep> {
  readonly depth = 1;
  freeBlocks: number;
  fewestFreeBlocks: number;
  contextTokens = 0;
  private readonly waiting = new Fifo<number>();
  /** In order of admission. */
  private running: Member[] = [];
  private steps = 0;

  constructor(
    private readonly limits: OrcaLimits,
    private readonly requests: readonly SchedulerRequest[],
  ) {
    this.freeBlocks = limits.kv_cache_tokens;
    this.fewestFreeBlocks = this.freeBlocks;
  }

  get runningRequests(): number {
    return this.running.length;
  }

  get waitingRequests(): number {
    return this.waiting.length;
  }

  rejection(index: number): string | undefined {
    const { max_model_len, kv_cache_tokens } = this.limits;
    const tokens = this.reservation(index);
    if (tokens > max_model_len) return `${tokens} tokens of prompt and output exceed max_model_len ${max_model_len}`;
    if (tokens > kv_cache_tokens) return `${tokens} tokens exceed the KV cache, which holds ${kv_cache_tokens}`;
    return undefined;
  }

  add(index: number): void {
    this.waiting.push(index);
  }

  abort(index: number): boolean {
    const at = this.running.findIndex((member) => member.index === index);
    if (at < 0) return this.waiting.remove(index);
    const [{ reserved, computed }] = this.running.splice(at, 1) as [Member];
    this.freeBlocks += reserved;
    this.contextTokens -= computed;
    return true;
  }

  hasWork(): boolean {
    return this.hasUnfinished();
  }

  hasUnfinished(): boolean {
    return this.running.length + this.waiting.length > 0;
  }

  schedule(): OrcaStep {
    const decoding = this.running.length;
    const decodeContextTokens = this.contextTokens;
    for (const member of this.running) member.computed++;
    while (this.admitsHead()) this.admit(this.waiting.shift()!);
    const admitted = this.running.slice(decoding);
    const step = this.stepOf(this.steps++, admitted, decodeContextTokens);
    this.contextTokens += step.scheduledTokens;
    this.fewestFreeBlocks = Math.min(this.fewestFreeBlocks, this.freeBlocks);
    return step;
  }

  /** A step of all that run, in which those that were admitted prefill. */
  private stepOf(id: number, admitted: readonly Member[], decodeContextTokens: number): OrcaStep {
    const members = [...this.running];
    const decodeRequests = members.length - admitted.length;
    const prefillTokens = admitted.reduce((sum, { computed }) => sum + computed, 0);
    return {
      id,
      members,
      scheduledRequests: members.length,
      scheduledTokens: decodeRequests + prefillTokens,
      decodeRequests,
      decodeContextTokens,
      prefillRequests: admitted.length,
      prefillTokens,
      prefillContextTokens: 0,
      prefillAttentionPairs: admitted.reduce((sum, { computed }) => sum + attentionPairs(computed, 0), 0),
      samplingRequests: members.length,
      firstTokens: admitted.length,
      admitted: admitted.map(({ index }) => index),
      cachedTokens: admitted.map(() => 0),
      preempted: [],
    };
  }

  assignments({ members, decodeRequests }: OrcaStep): readonly StepAssignment[] {
    return members.map(({ index, computed }, at) => {
      const prefills = at >= decodeRequests;
      const tokens = prefills ? computed : 1;
      return { index, tokens, past: computed - tokens, samples: true, prefills };
    });
  }

  update({ members }: OrcaStep): readonly number[] {
    for (const member of members) member.left--;
    const complete = members.filter(({ left }) => left === 0);
    if (complete.length === 0) return [];
    for (const { reserved, computed } of complete) {
      this.freeBlocks += reserved;
      this.contextTokens -= computed;
    }
    this.running = this.running.filter(({ left }) => left > 0);
    return complete.map(({ index }) => index);
  }

  deliver({ members }: OrcaStep, atNs: number, sink: TokenSink): void {
    for (const member of members) sink.token(member, atNs);
  }

  decodeRun(): number {
    if (this.running.length === 0 || this.admitsHead()) return 0;
    return this.running.reduce((least, { left }) => Math.min(least, left), Infinity) - 1;
  }

  skip(steps: number): void {
    for (const member of this.running) {
      member.computed += steps;
      member.left -= steps;
    }
    this.contextTokens += steps * this.running.length;
    this.steps += steps;
  }

  passOfRun(): OrcaStep {
    return this.stepOf(this.steps, [], this.contextTokens);
  }

  deliverRun(atNs: number, sink: TokenSink): void {
    for (const member of this.running) sink.lastTokenWas(member, atNs);
  }

  private admitsHead(): boolean {
    const head = this.waiting.peek();
    if (head === undefined || this.running.length >= this.limits.max_num_seqs) return false;
    return this.reservation(head) <= this.freeBlocks;
  }

  private admit(index: number): void {
    const { promptTokens, outputTokens } = this.requests[index]!;
    const reserved = this.reservation(index);
    this.freeBlocks -= reserved;
    this.running.push({ index, reserved, computed: promptTokens, left: outputTokens });
  }

  private reservation(index: number): number {
    const { promptTokens, outputTokens, maxTokens = outputTokens } = this.requests[index]!;
    const { max_model_len } = this.limits;
    return promptTokens + (maxTokens === Infinity ? Math.max(outputTokens, max_model_len - promptTokens) : maxTokens);
  }
}
