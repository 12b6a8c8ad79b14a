/**
 * Continuous batching as vLLM V1 schedules it, synchronous and first come first served: running requests first, then
 * admissions, under a token budget; chunked prefill; a paged KV cache; preemption of the latest admitted by recompute.
 * Source: vllm/v1/core/sched/scheduler.py (behaviour). A decode is a request one token behind, a prefill one that is
 * many behind; there are no phases.
 */
import type { Policy, PolicyRequest, StepWork, Wait, Work } from "../policy.js";
import { BlockPool } from "./block-pool.js";

export interface SchedulerLimits {
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly blockSize: number;
  readonly numGpuBlocks: number;
  readonly maxModelLen: number;
  readonly chunkedPrefill: boolean;
}

/** A request in the engine: known tokens are prompt plus outputs so far, computed ones have their KV. */
interface Sequence {
  readonly request: PolicyRequest;
  outputs: number;
  computed: number;
  blocks: number;
}

export class VllmScheduler implements Policy {
  readonly depth = 1;
  readonly isFifo = true;
  private readonly waiting: Sequence[] = [];
  private readonly running: Sequence[] = [];
  private readonly pool: BlockPool;
  private steps = 0;
  private readonly inFlight: Sequence[] = [];

  constructor(private readonly limits: SchedulerLimits) {
    this.pool = new BlockPool(limits.numGpuBlocks);
  }

  arrived(request: PolicyRequest): string | undefined {
    const tokens = request.promptTokens + request.outputTokens;
    if (tokens > this.limits.maxModelLen) {
      return `${tokens} tokens of prompt and output exceed max_model_len ${this.limits.maxModelLen}`;
    }
    if (this.blocksFor(tokens - 1) > this.pool.usableBlocks) {
      return `${tokens} tokens need ${this.blocksFor(tokens - 1)} KV blocks, the pool has ${this.pool.usableBlocks}`;
    }
    if (!this.limits.chunkedPrefill && tokens - 1 > this.limits.maxNumBatchedTokens) {
      return `${tokens} tokens exceed max_num_batched_tokens ${this.limits.maxNumBatchedTokens} without chunked prefill`;
    }
    this.waiting.push({ request, outputs: 0, computed: 0, blocks: 0 });
    return undefined;
  }

  decide(): Work | Wait {
    if (this.waiting.length === 0 && this.running.length === 0) return { kind: "wait", untilNs: Infinity };
    const step = new StepBuilder(this.limits.maxNumBatchedTokens);
    this.scheduleRunning(step);
    if (step.preempted.length === 0) this.admit(step);
    this.inFlight.push(...step.sampling);
    return step.build(++this.steps);
  }

  finished(): readonly PolicyRequest[] {
    const done: PolicyRequest[] = [];
    for (const sequence of this.inFlight) {
      sequence.outputs++;
      if (sequence.outputs < sequence.request.outputTokens) continue;
      this.pool.release(sequence.blocks);
      this.running.splice(this.running.indexOf(sequence), 1);
      done.push(sequence.request);
    }
    this.inFlight.length = 0;
    return done;
  }

  private scheduleRunning(step: StepBuilder): void {
    for (let at = 0; at < this.running.length && step.budget > 0; at++) {
      const sequence = this.running[at]!;
      const tokens = Math.min(pending(sequence), step.budget);
      while (!this.grow(sequence, tokens)) {
        const victim = this.running.pop()!;
        this.preempt(victim, step);
        if (victim === sequence) return;
      }
      step.add(sequence, tokens);
    }
  }

  private admit(step: StepBuilder): void {
    while (this.waiting.length > 0 && step.budget > 0 && this.running.length < this.limits.maxNumSeqs) {
      const sequence = this.waiting[0]!;
      const wanted = pending(sequence);
      if (!this.limits.chunkedPrefill && wanted > step.budget) return;
      // The whole prompt must fit now, though only the first chunk is taken (scheduler_reserve_full_isl).
      if (this.blocksFor(wanted) > this.pool.freeBlocks) return;
      const tokens = Math.min(wanted, step.budget);
      if (!this.grow(sequence, tokens)) return;
      this.waiting.shift();
      this.running.push(sequence);
      step.add(sequence, tokens);
    }
  }

  private grow(sequence: Sequence, tokens: number): boolean {
    const more = this.blocksFor(sequence.computed + tokens) - sequence.blocks;
    if (more > 0) {
      if (!this.pool.take(more)) return false;
      sequence.blocks += more;
    }
    return true;
  }

  private preempt(victim: Sequence, step: StepBuilder): void {
    this.pool.release(victim.blocks);
    victim.blocks = 0;
    victim.computed = 0;
    this.waiting.unshift(victim);
    step.preempted.push(victim.request);
  }

  private blocksFor(tokens: number): number {
    return Math.ceil(tokens / this.limits.blockSize);
  }
}

/** Tokens whose KV is missing. */
function pending(sequence: Sequence): number {
  return sequence.request.promptTokens + sequence.outputs - sequence.computed;
}

/** Collects what a step computes while the scheduler goes through its lists. */
class StepBuilder {
  readonly preempted: PolicyRequest[] = [];
  readonly sampling: Sequence[] = [];
  private readonly requests: PolicyRequest[] = [];
  private readonly tokens: number[] = [];
  private decodeRequests = 0;
  private decodeContextTokens = 0;
  private prefillRequests = 0;
  private prefillTokens = 0;
  private prefillAttentionPairs = 0;

  constructor(public budget: number) {}

  add(sequence: Sequence, tokens: number): void {
    const before = sequence.computed;
    this.requests.push(sequence.request);
    this.tokens.push(tokens);
    this.budget -= tokens;
    if (tokens === 1 && sequence.outputs > 0 && pending(sequence) === 1) {
      this.decodeRequests++;
      this.decodeContextTokens += before;
    } else {
      this.prefillRequests++;
      this.prefillTokens += tokens;
      this.prefillAttentionPairs += tokens * before + (tokens * (tokens + 1)) / 2;
    }
    sequence.computed += tokens;
    if (pending(sequence) === 0) this.sampling.push(sequence);
  }

  build(id: number): StepWork {
    return {
      kind: "step",
      id,
      requests: this.requests,
      tokens: this.tokens,
      decodeRequests: this.decodeRequests,
      decodeContextTokens: this.decodeContextTokens,
      prefillRequests: this.prefillRequests,
      prefillTokens: this.prefillTokens,
      prefillAttentionPairs: this.prefillAttentionPairs,
      sampling: this.sampling.map((sequence) => sequence.request),
      preempted: this.preempted,
    };
  }
}
