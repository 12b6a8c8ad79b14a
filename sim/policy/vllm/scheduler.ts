/**
 * Continuous batching as vLLM V1 schedules it, every block and token: running requests first, then admissions, under a
 * token budget; chunked prefill; a paged KV cache with prefix caching; preemption by recompute; synchronous, or
 * asynchronous with two steps in flight. Computed tokens advance when they are scheduled; slots and blocks come free
 * when the outputs are known. Source: vllm/v1/core/sched/{scheduler,async_scheduler}.py (behaviour).
 */
import { InvariantError } from "../../../formats/index.js";
import { decodeSteps, isSteady, longestRun } from "./decode-run.js";
import { KvCache } from "./kv-cache.js";
import { slotCount, stepBudget } from "../step-policy.js";
import type { StepAssignment, StepScheduler, TokenSink } from "../step.js";
import { type SchedulerLimits, prefillCap } from "./limits.js";
import { PrefixStatistics } from "./prefix-statistics.js";
import { rejectionReason } from "./rejection.js";
import { SchedulerStep } from "./scheduler-step.js";
import { finishReason, lastRanked, Sequence, type FinishReason, type ReplayRequest } from "./sequence.js";
import { WaitingRequests } from "./waiting-requests.js";

export class Scheduler implements StepScheduler<SchedulerStep> {
  readonly depth: 1 | 2;
  /** After any pass. */
  fewestFreeBlocks: number;
  private readonly kv: KvCache;
  private readonly sequences: (Sequence | undefined)[] = [];
  private readonly runningList: Sequence[] = [];
  private readonly waiting: WaitingRequests;
  private readonly budget: number;
  private readonly slots: number;
  private unfinished = 0;
  /** Ended since the latest pass: another one must tell the worker. */
  private unreported = 0;
  private steps = 0;
  /** Scheduled and not updated, oldest first. */
  private readonly inFlight: SchedulerStep[] = [];
  private latest: SchedulerStep | undefined;
  private skippedRun: readonly Sequence[] = [];
  private prefix = new PrefixStatistics();

  constructor(
    private readonly limits: SchedulerLimits,
    private readonly requests: readonly ReplayRequest[],
  ) {
    this.depth = limits.asyncScheduling ? 2 : 1;
    this.budget = stepBudget(limits);
    this.slots = slotCount(limits);
    this.kv = new KvCache(limits, requests);
    this.fewestFreeBlocks = this.freeBlocks;
    this.waiting = new WaitingRequests(limits);
  }

  get runningRequests(): number {
    return this.runningList.length;
  }

  get waitingRequests(): number {
    return this.waiting.length;
  }

  get freeBlocks(): number {
    return this.kv.pool.freeBlocks;
  }

  /** Running requests in order of admission. */
  get running(): readonly Sequence[] {
    return this.runningList;
  }

  /** Waiting requests in order of service (fcfs), or in no order (priority). */
  allWaiting(): Sequence[] {
    return this.waiting.all();
  }

  /** Free KV blocks, next to be taken first. */
  freeQueue(): number[] {
    return this.kv.pool.freeQueue();
  }

  /** Prefix key of each KV block; undefined: none. */
  blockKeys(): (number | undefined)[] {
    return this.kv.pool.blockKeys();
  }

  /** Prefix keys that blocks, requests or conversations to be continued hold. */
  get liveKeys(): number {
    return this.kv.pool.keys.live;
  }

  hasUnfinished(): boolean {
    return this.unfinished > 0;
  }

  hasWork(): boolean {
    return this.unfinished > 0 || this.unreported > 0;
  }

  rejection(index: number): string | undefined {
    const { promptTokens, outputTokens, maxTokens, eosAt = outputTokens } = this.requests[index]!;
    if (maxTokens === undefined) return rejectionReason(promptTokens, outputTokens, this.limits);
    const { maxModelLen } = this.limits;
    if (maxTokens !== Infinity && promptTokens + maxTokens > maxModelLen) {
      return `${promptTokens + maxTokens} tokens of prompt and max_tokens exceed max_model_len ${maxModelLen}`;
    }
    return rejectionReason(promptTokens, eosAt, this.limits);
  }

  /** A request that should be rejected may be added anyway, as a server's: it stops at the model's length, or waits. */
  add(index: number, arrivalNs: number): void {
    const sequence = new Sequence(index, arrivalNs, this.requests[index]!);
    this.kv.enter(sequence);
    this.sequences[index] = sequence;
    this.waiting.add(sequence);
    this.unfinished++;
  }

  absent(index: number): void {
    this.kv.absent(index);
  }

  /** Ends a request wherever it is; outputs still in flight are lost. False when it is not in the engine. */
  abort(index: number): boolean {
    const sequence = this.sequences[index];
    if (sequence === undefined) return false;
    if (sequence.status === "running") this.runningList.splice(this.runningList.indexOf(sequence), 1);
    else this.waiting.remove(sequence);
    this.end(sequence);
    return true;
  }

  /**
   * Empties the prefix cache; false while blocks are held. By force, all running requests go back to waiting first and
   * outputs in flight are dropped.
   */
  resetPrefixCache(force = false): boolean {
    if (force) {
      for (let victim = this.runningList.pop(); victim !== undefined; victim = this.runningList.pop()) {
        this.preempt(victim);
        victim.dropsStale = victim.stale > 0;
      }
    }
    return this.kv.pool.reset();
  }

  /** What the prefix cache was asked and held since the latest call. */
  takePrefixStatistics(): PrefixStatistics {
    const taken = this.prefix;
    this.prefix = new PrefixStatistics();
    return taken;
  }

  schedule(): SchedulerStep {
    const step = new SchedulerStep(this.steps++);
    const cap = this.prefillCap();
    const budget = this.scheduleRunning(step, cap);
    if (step.preempted.length === 0) this.admitWaiting(step, budget, cap);
    this.commit(step);
    this.fewestFreeBlocks = Math.min(this.fewestFreeBlocks, this.freeBlocks);
    this.unreported = 0;
    this.latest = step;
    this.inFlight.push(step);
    return step;
  }

  assignments(step: SchedulerStep): readonly StepAssignment[] {
    return step.assignments();
  }

  blocksOf(index: number): readonly number[] {
    return this.sequences[index]?.blocks ?? [];
  }

  update(step: SchedulerStep): readonly number[] {
    const at = this.inFlight.indexOf(step);
    if (at < 0) throw new InvariantError(`step ${step.id} was updated twice, or is not of this scheduler`);
    this.inFlight.splice(at, 1);
    const { scheduled, tokens, sampling } = step;
    step.delivered = sampling;
    let next = 0;
    let kept: Sequence[] | undefined;
    for (let i = 0; i < scheduled.length; i++) {
      const sequence = scheduled[i]!;
      const samples = sampling[next] === sequence;
      if (samples) next++;
      const delivers = this.settle(sequence, tokens[i]!, samples, step);
      if (samples && !delivers) kept ??= sampling.slice(0, next - 1);
      else if (samples) kept?.push(sequence);
    }
    if (kept !== undefined) step.delivered = kept;
    if (step.finished.length > 0) this.leaveRunning();
    return step.finished;
  }

  deliver(step: SchedulerStep, atNs: number, sink: TokenSink): void {
    for (const { index } of step.delivered) sink.token(index, atNs);
  }

  decodeRun(): number {
    const { limits, latest, inFlight, runningList: running } = this;
    const left = this.budget - running.length;
    if (latest === undefined || left < 0 || !isSteady(running, latest, inFlight, limits.asyncScheduling)) return 0;
    const heldBack = this.isHeadHeldBack(left);
    if (heldBack === "no") return 0;
    return longestRun(running, limits, heldBack === "yes" ? this.freeBlocks : 0);
  }

  get contextTokens(): number {
    let tokens = 0;
    for (const sequence of this.runningList) tokens += sequence.computed;
    return tokens;
  }

  skip(steps: number, latest: SchedulerStep | undefined): void {
    if (latest !== undefined && latest !== this.latest) {
      throw new InvariantError(`step ${latest.id} is not the latest one`);
    }
    decodeSteps(this.runningList, this.kv, this.limits, steps);
    this.fewestFreeBlocks = Math.min(this.fewestFreeBlocks, this.freeBlocks);
    this.skippedRun = this.latest!.scheduled;
    this.steps += steps;
    this.unreported = 0;
    // What is in flight stands for the last passes of the run.
    for (const step of this.inFlight) step.standForLater(steps);
  }

  passOfRun(): SchedulerStep {
    const step = new SchedulerStep(this.steps);
    step.delivered = [...this.runningList];
    return step;
  }

  deliverRun(atNs: number, sink: TokenSink): void {
    for (const sequence of this.skippedRun) sink.lastTokenWas(sequence.index, atNs);
  }

  /** Most tokens of one request in a pass that begins now. */
  private prefillCap(): number {
    return prefillCap(this.limits, this.runningRequests + this.waitingRequests);
  }

  /** Gives running requests their tokens, front to back; what is left of the budget. */
  private scheduleRunning(step: SchedulerStep, cap: number): number {
    const { maxModelLen } = this.limits;
    const running = this.runningList;
    let { budget } = this;
    for (let at = 0; at < running.length && budget > 0; at++) {
      const sequence = running[at]!;
      const { computed, placeholders } = sequence;
      // The last token is in flight already.
      if (placeholders > 0 && computed + 2 - placeholders >= sequence.promptTokens + sequence.maxTokens) continue;
      let tokens = sequence.known + placeholders - computed;
      if (tokens > cap) tokens = cap;
      if (tokens > budget) tokens = budget;
      if (tokens > maxModelLen - computed - 1) tokens = maxModelLen - computed - 1;
      if (tokens <= 0) continue;
      while (!this.kv.grow(sequence, tokens)) {
        const victimAt = this.victim();
        const victim = running[victimAt]!;
        running.splice(victimAt, 1);
        budget += step.withdraw(victim);
        this.preempt(victim);
        step.preempted.push(victim.index);
        if (victim === sequence) return budget;
        if (victimAt < at) at--;
      }
      step.add(sequence, tokens);
      budget -= tokens;
    }
    return budget;
  }

  /** The latest admitted; under the priority policy the one ranked last. */
  private victim(): number {
    const running = this.runningList;
    return this.limits.schedulingPolicy === "fcfs" ? running.length - 1 : lastRanked(running);
  }

  /** Takes all from a request that has left the running list; it will compute everything again. */
  private preempt(victim: Sequence): void {
    this.kv.release(victim);
    victim.status = "preempted";
    victim.computed = 0;
    victim.stale = victim.inFlight;
    victim.placeholders = 0;
    victim.preemptions++;
    this.waiting.putBack(victim);
  }

  private admitWaiting(step: SchedulerStep, budget: number, cap: number): void {
    const held: Sequence[] = [];
    for (let left = budget; left > 0 && this.runningList.length < this.slots;) {
      const queue = this.waiting.toServe();
      const sequence = queue.head();
      if (sequence === undefined) break;
      if (sequence.stale > 0) {
        queue.takeHead();
        held.push(sequence);
        continue;
      }
      const cached = this.kv.lookUp(sequence);
      const tokens = this.firstChunk(sequence.known - cached, left, cap);
      if (tokens === 0 || !this.kv.canAdmit(sequence, tokens, this.runningList.length)) break;
      queue.takeHead();
      this.admit(sequence, cached, tokens, step);
      left -= tokens;
    }
    this.waiting.passOver(held);
  }

  /** Tokens of a waiting request's first chunk, of those that it has to compute; 0 when it must wait for more budget. */
  private firstChunk(pending: number, budget: number, cap: number): number {
    const tokens = Math.min(pending, cap);
    if (tokens <= budget) return tokens;
    return this.limits.chunkedPrefill ? budget : 0;
  }

  private admit(sequence: Sequence, cached: number, tokens: number, step: SchedulerStep): void {
    this.kv.admit(sequence, tokens);
    if (this.limits.prefixCaching) this.prefix.count(sequence.known, cached, sequence.preemptions > 0);
    sequence.status = "running";
    sequence.computed = cached;
    sequence.prefillEnd = sequence.known;
    this.runningList.push(sequence);
    step.admitted.push(sequence.index);
    step.cachedTokens.push(cached);
    step.add(sequence, tokens);
  }

  private commit(step: SchedulerStep): void {
    const { scheduled } = step;
    const isAsync = this.limits.asyncScheduling;
    let sampling: Sequence[] | undefined;
    for (let at = 0; at < scheduled.length; at++) {
      const sequence = scheduled[at]!;
      const tokens = step.tokens[at]!;
      const context = sequence.computed;
      sequence.computed = context + tokens;
      sequence.inFlight += tokens;
      if (context >= sequence.prefillEnd) {
        step.decodeRequests++;
        step.decodeContextTokens += context;
      } else step.countPrefill(tokens, context, sequence.prefillEnd);
      if (sequence.computed >= sequence.known + sequence.placeholders) {
        if (sequence.outputs + sequence.placeholders === 0) step.firstTokens++;
        if (isAsync) sequence.placeholders++;
        if (sequence.sampledIn !== step.id - 1) step.followsOn = false;
        sequence.sampledIn = step.id;
        sampling?.push(sequence);
      } else sampling ??= scheduled.slice(0, at);
    }
    if (sampling !== undefined) step.sampling = sampling;
  }

  /** A scheduled request's tokens have run; whether its output, if it sampled one, is kept. */
  private settle(sequence: Sequence, tokens: number, samples: boolean, step: SchedulerStep): boolean {
    if (sequence.status === "finished") return false;
    sequence.inFlight -= tokens;
    const isStale = sequence.stale > 0;
    if (isStale) {
      sequence.stale -= tokens;
      if (sequence.dropsStale) {
        sequence.dropsStale = sequence.stale > 0;
        return false;
      }
    }
    if (!samples) return true;
    sequence.outputs++;
    sequence.known++;
    if (this.limits.asyncScheduling) {
      if (!isStale) sequence.placeholders--;
      if (this.limits.prefixCaching && sequence.status === "running") {
        this.kv.cacheUpTo(sequence, sequence.computed - sequence.placeholders);
      }
    }
    const reason = finishReason(sequence, this.limits);
    if (reason !== undefined) this.finish(sequence, reason, step);
    return true;
  }

  private finish(sequence: Sequence, reason: FinishReason, step: SchedulerStep): void {
    if (sequence.status === "preempted") this.waiting.remove(sequence);
    this.end(sequence);
    step.finished.push(sequence.index);
    step.finishReasons.push(reason);
  }

  private end(sequence: Sequence): void {
    this.kv.release(sequence);
    this.kv.forget(sequence);
    sequence.status = "finished";
    this.sequences[sequence.index] = undefined;
    this.unfinished--;
    this.unreported++;
  }

  private leaveRunning(): void {
    const running = this.runningList;
    let kept = 0;
    for (const sequence of running) if (sequence.status === "running") running[kept++] = sequence;
    running.length = kept;
  }

  /**
   * Whether the next admission fails, and goes on failing while running requests only take blocks: "now" when only as
   * long as they take none.
   */
  private isHeadHeldBack(budget: number): "yes" | "now" | "no" {
    if (budget <= 0 || this.runningList.length >= this.slots) return "yes";
    const sequence = this.waiting.toServe().head();
    if (sequence === undefined) return "yes";
    if (sequence.stale > 0) return "no";
    const cached = this.kv.lookUp(sequence);
    // Unknown for a request that would hit what the running ones register.
    if (this.runningList.some((running) => this.kv.mayComplete(sequence, running))) return "no";
    const tokens = this.firstChunk(sequence.known - cached, budget, this.prefillCap());
    if (tokens > 0 && this.kv.canAdmit(sequence, tokens, this.runningList.length)) return "no";
    // Without the full-sequence gate, losing cached blocks that no request holds can make the first chunk cheaper.
    return this.kv.hasIdleHits && !this.limits.reserveFullIsl ? "now" : "yes";
  }
}
