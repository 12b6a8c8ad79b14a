/**
 * vLLM's scheduler: running requests first, then admissions, under a token budget; chunked prefill; paged KV blocks with
 * prefix caching; preemption by recompute; synchronous, or asynchronous with two steps in flight. Requests that decode in
 * every pass are one body (SteadyDecodes), so a pass costs what joins, leaves or prefills in it, and many passes can be
 * skipped at once. Where blocks or budget run short the order of the running list decides: then it is walked (InOrder).
 * Source: vllm/v1/core/sched/{scheduler,async_scheduler}.py (behaviour). Compiles to JavaScript and to WebAssembly.
 */
import type { i32 } from "../../../kernel/numbers.js";
import { InOrder } from "./in-order.js";
import { DRAINING, GONE, PREFILLING, type Request, STARVED, STEADY, WAITING } from "./request.js";
import { Scheduling } from "./scheduling.js";
import type { Step } from "./step.js";
import type { TokenSink } from "./token-reports.js";

export class Scheduler extends Scheduling {
  /** Whether a request has ended of which the worker has yet to hear. */
  isEndUnreported: boolean = false;
  private readonly inOrder: InOrder = new InOrder();
  private passes: number = 0;
  /** Requests of the run that was asked for last. */
  private runSize: i32 = 0;
  /** The step before the latest one. */
  private before: Step | null = null;

  /** A request enters the engine. */
  enter(request: Request): void {
    request.state = WAITING;
    request.target = request.promptTokens;
    this.waiting.add(request);
  }

  hasUnfinished(): boolean {
    return this.running.length + this.waiting.length > 0;
  }

  /** Whether a pass has something to do: unfinished requests, or one that ended and that the worker does not know about yet. */
  hasWork(): boolean {
    return this.isEndUnreported || this.hasUnfinished();
  }

  /** A pass that begins at `atNs`. */
  scheduleAt(atNs: number): Step {
    const step = this.pool.take(this.passes++);
    this.isEndUnreported = false;
    this.passNs = atNs;
    this.cap = this.limits.prefillCap(this.running.length + this.waiting.length);
    const left = !this.saysWork && this.isUnconstrained() ? this.runAll(step) : this.inOrder.run(this, step);
    if (step.preemptions.count === 0 && this.waiting.length > 0) this.admit(step, left);
    this.drainEnding(step);
    this.blocks.watch();
    this.before = this.pool.latest;
    this.pool.follows(step);
    return step;
  }

  /** The step's results are there: the requests that it ends free slots and blocks. */
  settle(step: Step): void {
    step.isUpdated = true;
    if (this.findsAnswers && this.limits.isAsynchronous) this.registerAnswers(step);
    const ending = step.ending;
    if (ending.count > 1 && (this.blocks.isCaching || this.saysWork)) ending.sortByAdmission();
    for (let at = 0; at < ending.count; at++) this.end(ending.at(at), step);
  }

  /** Ends a request wherever it is; outputs in flight are lost. Only where steps say who does what. */
  giveUp(request: Request): void {
    const inFlight = this.loseInFlight(request);
    if (request.state === WAITING) this.waiting.remove(request);
    else this.leaveRunning(request, inFlight);
    if (!this.blocks.isPlain) this.blocks.forget(request);
    request.state = GONE;
    this.isEndUnreported = true;
  }

  /** The engine asks no more about a step. */
  done(step: Step): void {
    this.pool.done(step);
  }

  /** Reports a step's tokens, once they are at the client. Steps are delivered in order, after their update. */
  deliver(step: Step, atNs: number, sink: TokenSink): void {
    if (!this.saysWork) {
      this.reports.deliver(step, atNs, sink);
      return;
    }
    for (let at = 0; at < step.work.length; at++) {
      const work = step.work[at]!;
      if (work.samples && !work.isLost) sink.token(work.request, atNs);
    }
  }

  /**
   * How many of the next passes, if nothing is added, schedule exactly the decodes of the latest one again: no admission,
   * no preemption, and no request completed by the updates between them. 0 where that is unknown. In asynchronous mode the last one
   * may schedule the last token of some.
   */
  decodeRun(): i32 {
    const steady = this.steady;
    const size = steady.size;
    const latest = this.pool.latest;
    if (latest === null || this.saysWork || size === 0 || size !== this.running.length) return 0;
    const budget = this.limits.budget;
    if (size > budget) return 0;
    const isAsynchronous = this.limits.isAsynchronous;
    if (isAsynchronous && !(latest.isSteadyOnly && latest.steady === size)) return 0;
    this.runSize = size;
    // In asynchronous mode a last token's step is updated after the run: it may end with that step.
    const passes = steady.passesBeforeAnEnd() + (isAsynchronous ? 1 : 0);
    if (passes === 0) return 0;
    if (this.waiting.length === 0) return steady.passesWithin(this.blocks.free, passes);
    this.cap = this.limits.prefillCap(this.running.length + this.waiting.length);
    if (this.admitsHead(budget - size)) return 0;
    // Without the full-sequence gate, losing cached blocks that nobody holds can make the head's first chunk cheaper.
    const isAtRisk = this.blocks.idleHits > 0 && !this.limits.reserveFullIsl;
    return steady.passesWithin(isAtRisk ? 0 : this.blocks.free, passes);
  }

  /** Does so many passes of such a run, and the updates that belong to them, at once. */
  skip(passes: i32): void {
    this.blocks.take(this.steady.skip(passes));
    const count: number = passes;
    this.passes += count;
    this.isEndUnreported = false;
    this.drainEnding(this.pool.latest!);
    this.blocks.watch();
  }

  /** A pass of such a run whose output is still to be reported; `isLatest`: it is the latest one of a synchronous scheduler. */
  passOfRun(isLatest: boolean): Step {
    const step = this.pool.take(this.passes);
    step.steady = this.runSize;
    if (isLatest && !this.limits.isAsynchronous) this.pool.follows(step);
    return step;
  }

  /** The outputs of such a run are with the clients, the last of them since `atNs`. */
  deliverRun(atNs: number): void {
    if (!this.limits.isAsynchronous) this.pool.latest!.deliveredNs = atNs;
  }

  /** Whether every running request gets all it wants, whatever the order. */
  private isUnconstrained(): boolean {
    const prefilling = this.prefilling;
    const budget = this.limits.budget;
    let tokens = this.steady.size;
    let blocks = this.steady.blocksNextPass();
    for (let at = 0; at < prefilling.count; at++) {
      const request = prefilling.at(at);
      const left = budget - tokens;
      let wanted = this.wanted(request);
      if (wanted > left) {
        // Cut short, which is all right where nothing behind it wants tokens.
        if (left <= 0 || at !== prefilling.count - 1 || !isLastThatRuns(request)) return false;
        wanted = left;
      }
      tokens += wanted;
      blocks += this.blocksToGrow(request, wanted);
    }
    return tokens <= budget && blocks <= this.blocks.free;
  }

  /** Gives every running request what it wants. Returns the budget left. */
  private runAll(step: Step): i32 {
    const steady = this.steady;
    const size = steady.size;
    step.steady = size;
    if (size > 0) step.decodes(size, steady.contextTokens);
    const crossing = steady.blocksNextPass();
    if (crossing > 0) this.blocks.take(crossing);
    steady.pass();
    let left = this.limits.budget - size;
    const prefilling = this.prefilling;
    let kept: i32 = 0;
    for (let at = 0; at < prefilling.count; at++) {
      const request = prefilling.at(at);
      const wanted = this.wanted(request);
      const tokens = wanted < left ? wanted : left;
      this.blocks.takeFor(request, this.blocksToGrow(request, tokens));
      this.registerComputed(request, tokens);
      left -= tokens;
      if (!this.compute(request, tokens, step)) prefilling.put(kept++, request);
    }
    prefilling.count = kept;
    return left;
  }

  private admit(step: Step, budgetLeft: i32): void {
    const blocks = this.blocks;
    let left = budgetLeft;
    while (this.waiting.length > 0 && this.admitsHead(left)) {
      const request = this.waiting.head();
      const hits = blocks.hits;
      const cachedTokens = hits * blocks.blockSize;
      request.computed = cachedTokens;
      const wanted = this.wanted(request);
      const tokens = wanted < left ? wanted : left;
      this.waiting.takeHead();
      this.running.push(request);
      request.admission = this.admissions++;
      request.state = PREFILLING;
      if (isNaN(request.scheduledNs)) {
        request.scheduledNs = this.passNs;
        request.cachedTokens = cachedTokens;
      }
      request.hitTokens = cachedTokens;
      step.admissions.push(request);
      this.note(request, tokens, step);
      if (!blocks.isPlain) blocks.hold(request);
      blocks.takeFor(request, blocks.holding(cachedTokens + tokens) - hits);
      this.registerComputed(request, tokens);
      left -= tokens;
      if (!this.compute(request, tokens, step)) this.prefilling.push(request);
    }
  }

  /** Whether the next waiting request can start with so much budget left. */
  private admitsHead(left: i32): boolean {
    const blocks = this.blocks;
    const limits = this.limits;
    blocks.forgetLookUp();
    if (left <= 0 || this.running.length >= limits.slots) return false;
    const request = this.waiting.head();
    const known = request.target;
    if (!blocks.isPlain) blocks.lookUp(request, known);
    const cachedTokens = blocks.hits * blocks.blockSize;
    const rest = known - cachedTokens;
    const wanted = rest < this.cap ? rest : this.cap;
    if (!limits.chunkedPrefill && wanted > left) return false;
    const guard: i32 = this.running.length > 0 ? limits.watermarkBlocks : 0;
    const gated: i32 = limits.reserveFullIsl ? known : cachedTokens + (wanted < left ? wanted : left);
    return blocks.holding(gated) - blocks.hits + blocks.idleHits + guard <= blocks.free;
  }

  /** The last output of a request is known. */
  private end(request: Request, step: Step): void {
    if (request.state === WAITING) {
      // Preempted while its last token was in flight.
      this.waiting.remove(request);
    } else {
      const latest = this.pool.latest!;
      let inFlight: i32 = 0;
      if (request.state === STEADY && latest !== step) {
        // It went on in the latest step.
        inFlight = 1;
        latest.lost++;
        this.lose(request, latest);
      }
      this.leaveRunning(request, inFlight);
    }
    if (!this.blocks.isPlain) this.blocks.forget(request);
    request.state = GONE;
    this.isEndUnreported = true;
  }

  /** Takes a request out of the running ones; so many of its tokens are in flight. */
  private leaveRunning(request: Request, inFlight: i32): void {
    const state = request.state;
    if (state === STEADY) {
      request.computed = this.steady.computed(request);
      this.steady.remove(request);
    } else if (state !== DRAINING) this.prefilling.remove(request);
    this.running.remove(request);
    const computed = request.computed;
    let known = this.limits.isAsynchronous ? computed - inFlight : computed;
    if (state === PREFILLING || state === STARVED) known = known < request.target ? known : request.target;
    else if (known < request.target) known = request.target;
    this.blocks.release(request, computed, known);
  }

  /** The outputs of a step are known: the blocks that they fill can be found. */
  private registerAnswers(step: Step): void {
    for (let at = 0; at < step.work.length; at++) {
      const work = step.work[at]!;
      const request = work.request;
      if (!work.samples || work.isLost || request.state === WAITING || request.state === PREFILLING) continue;
      const computed = request.state === STEADY ? this.steady.computed(request) : request.computed;
      this.blocks.register(request, computed - this.samplesInFlight(request));
    }
  }

  /** Tokens of a request that the latest step samples and that are not known: one or none. */
  private samplesInFlight(request: Request): i32 {
    const latest = this.pool.latest!;
    if (latest.isUpdated) return 0;
    const work = latest.workOf(request);
    return work !== null && work.samples ? 1 : 0;
  }

  /** Its tokens in steps that are not updated are lost; how many there are. */
  private loseInFlight(request: Request): i32 {
    const latest = this.pool.latest;
    const before = this.before;
    let lost: i32 = 0;
    if (latest !== null && !latest.isUpdated) lost += this.lose(request, latest);
    if (before !== null && before !== latest && !before.isUpdated) lost += this.lose(request, before);
    return lost;
  }

  /** Its token in a step is lost; how many it had there, one or none. */
  private lose(request: Request, step: Step): i32 {
    step.ending.remove(request);
    const work = step.workOf(request);
    if (work === null) return 0;
    work.isLost = true;
    return work.samples ? 1 : 0;
  }
}

function isLastThatRuns(request: Request): boolean {
  let behind = request.next;
  while (behind !== null && behind.state === DRAINING) behind = behind.next;
  return behind === null;
}
