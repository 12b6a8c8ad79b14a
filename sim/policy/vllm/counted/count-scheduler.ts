/**
 * vLLM's scheduler by counts, for fast-forward: the same decisions as Scheduler without block ids and per-token work; with
 * prefix caching, what is cached is known by extents of blocks (PrefixCache). Requests that decode in every pass are one body (SteadyDecodes),
 * so a pass costs what joins, leaves or prefills in it. When blocks or budget run short, the order of the running list
 * decides: then it is walked as Scheduler does. scheduler.ts is the reference; verify:fast holds the two equal.
 */
import { InvariantError } from "../../../../formats/index.js";
import { slotCount, stepBudget } from "../../step-policy.js";
import type { SchedulerRequest, StepScheduler, TokenSink } from "../../step.js";
import { tokenCounts, type TokenCounts } from "../../token-counts.js";
import { type SchedulerLimits, prefillCap } from "../limits.js";
import { requestQueue, type RequestQueue } from "../request-queue.js";
import { rejectionReason } from "../rejection.js";
import { CountStep } from "./count-step.js";
import { CountedBlocks } from "./counted-blocks.js";
import { Ranking } from "./ranking.js";
import { RunningList } from "./running-list.js";
import { shorten } from "./shorten.js";
import { SteadyDecodes } from "./steady-decodes.js";
import { TokenReports } from "./token-reports.js";

const WAITING = 1;
/** Running, with more than one known token to compute, or newly so. */
const PREFILLING = 2;
/** Running and steady: computes one token in every pass. */
const STEADY = 3;
/** Running, past its prefill, and passed over in the latest pass for lack of budget or blocks. */
const STARVED = 4;
/** Running, its last token scheduled; leaves when that step is updated. */
const DRAINING = 5;

export class CountScheduler implements StepScheduler<CountStep> {
  readonly depth: 1 | 2;
  private readonly blocks: CountedBlocks;
  private readonly running: RunningList;
  private readonly waiting: RequestQueue<number>;
  private readonly steady: SteadyDecodes;
  /** Running requests that are PREFILLING or STARVED, in the order of the running list. */
  private readonly prefilling: number[] = [];
  private readonly promptTokens: Int32Array;
  private readonly outputTokens: Int32Array;
  private readonly state: Uint8Array;
  /** Tokens whose KV is computed or being computed; of a steady request the body knows. */
  private readonly computed: Int32Array;
  /** Known tokens to compute before the next one is sampled. */
  private readonly target: Int32Array;
  /** Its place among all admissions so far. */
  private readonly admission: Int32Array;
  private admissions = 0;
  /** Of the priority policy; fcfs has none. */
  private readonly ranking: Ranking | undefined;
  private readonly watermarkBlocks: number;
  private readonly budget: number;
  private readonly slots: number;
  /** Most tokens of one request in the latest pass, or in the one that decodeRun looks at. */
  private cap = Infinity;
  private latest: CountStep | undefined;
  /** Steps that the engine asks no more about, to be used again. */
  private readonly spare: CountStep[] = [];
  private readonly reports = new TokenReports();
  private steps = 0;
  private unreported = false;
  /** Requests of the run that was asked for last. */
  private runSize = 0;

  constructor(
    private readonly limits: SchedulerLimits,
    private readonly requests: readonly SchedulerRequest[],
    counts: TokenCounts = tokenCounts(requests),
  ) {
    this.depth = limits.asyncScheduling ? 2 : 1;
    this.blocks = new CountedBlocks(limits, requests);
    this.budget = stepBudget(limits);
    this.slots = slotCount(limits);
    this.watermarkBlocks = Math.floor(limits.watermark * limits.numGpuBlocks);
    const count = requests.length;
    this.promptTokens = counts.promptTokens;
    this.outputTokens = counts.outputTokens;
    this.running = new RunningList(count);
    this.steady = new SteadyDecodes(count, Math.min(counts.longestOutput, limits.maxModelLen), limits.blockSize);
    this.state = new Uint8Array(count);
    this.computed = new Int32Array(count);
    this.target = new Int32Array(count);
    this.admission = new Int32Array(count);
    this.ranking = limits.schedulingPolicy === "priority" ? new Ranking(requests) : undefined;
    this.waiting = requestQueue(limits.schedulingPolicy, (a, b) => this.ranking!.isServedBefore(a, b));
  }

  get runningRequests(): number {
    return this.running.length;
  }

  get freeBlocks(): number {
    return this.blocks.free;
  }

  get fewestFreeBlocks(): number {
    return this.blocks.fewestFree;
  }

  set fewestFreeBlocks(blocks: number) {
    this.blocks.fewestFree = blocks;
  }

  get contextTokens(): number {
    return this.steady.contextTokens;
  }

  get waitingRequests(): number {
    return this.waiting.length;
  }

  rejection(index: number): string | undefined {
    return rejectionReason(this.promptTokens[index]!, this.outputTokens[index]!, this.limits);
  }

  add(index: number, arrivalNs: number): void {
    this.state[index] = WAITING;
    this.target[index] = this.promptTokens[index]!;
    this.ranking?.arrived(index, arrivalNs);
    this.waiting.add(index);
  }

  absent(index: number): void {
    this.blocks.absent(index);
  }

  hasWork(): boolean {
    return this.unreported || this.hasUnfinished();
  }

  hasUnfinished(): boolean {
    return this.running.length > 0 || this.waiting.length > 0;
  }

  schedule(): CountStep {
    const step = this.newStep(this.steps++);
    this.unreported = false;
    this.cap = prefillCap(this.limits, this.running.length + this.waiting.length);
    const budget = this.isUnconstrained() ? this.runAll(step) : this.runInOrder(step);
    if (step.preempted.length === 0 && this.waiting.length > 0) this.admit(step, budget);
    this.drainEnding(step);
    this.blocks.watch();
    this.follows(step);
    return step;
  }

  update(step: CountStep): readonly number[] {
    if (this.blocks.isCaching && step.ending.length > 1)
      step.ending.sort((a, b) => this.admission[a]! - this.admission[b]!);
    for (const request of step.ending) {
      if (this.state[request] === DRAINING) {
        this.running.remove(request);
        this.blocks.release(request, this.computed[request]!, this.computed[request]!);
      } else {
        this.waiting.remove(request); // preempted while its last token was in flight
      }
      this.blocks.forget(request);
      this.state[request] = 0;
      this.unreported = true;
    }
    return step.ending;
  }

  deliver(step: CountStep, atNs: number, sink: TokenSink): void {
    this.reports.deliver(step, atNs, sink);
  }

  done(step: CountStep): void {
    step.isDone = true;
    if (step !== this.latest) this.spare.push(step);
  }

  decodeRun(): number {
    const { steady, latest } = this;
    if (latest === undefined || steady.size === 0 || steady.size !== this.running.length) return 0;
    if (steady.size > this.budget) return 0;
    if (this.depth === 2 && !(latest.isSteadyOnly && latest.steady === steady.size)) return 0;
    this.runSize = steady.size;
    // In asynchronous mode a last token's step is updated after the run: it may end with that step.
    const passes = steady.passesBeforeAnEnd() + this.depth - 1;
    this.cap = prefillCap(this.limits, this.running.length + this.waiting.length);
    if (passes === 0 || (this.waiting.length > 0 && this.admitsHead(this.budget - steady.size))) return 0;
    // Without the full-sequence gate, losing cached blocks that nobody holds can make the head's first chunk cheaper.
    const isAtRisk = this.waiting.length > 0 && this.blocks.idleHits > 0;
    return steady.passesWithin(isAtRisk && !this.limits.reserveFullIsl ? 0 : this.freeBlocks, passes);
  }

  skip(steps: number): void {
    const { steady, latest } = this;
    this.blocks.take(steady.blocksOver(steps));
    steady.passes += steps;
    this.steps += steps;
    this.unreported = false;
    this.drainEnding(latest!);
    this.blocks.watch();
  }

  passOfRun(isLatest: boolean): CountStep {
    const step = this.newStep(this.steps);
    step.steady = this.runSize;
    if (isLatest && this.depth === 1) this.follows(step);
    return step;
  }

  deliverRun(atNs: number): void {
    if (this.depth === 1) this.latest!.deliveredNs = atNs;
  }

  private newStep(id: number): CountStep {
    const step = this.spare.pop();
    if (step === undefined) return new CountStep(id);
    step.restart(id);
    return step;
  }

  /** The step is the latest from now on. */
  private follows(step: CountStep): void {
    if (this.latest?.isDone === true) this.spare.push(this.latest);
    this.latest = step;
  }

  /** Whether every running request gets all it wants, whatever the order. */
  private isUnconstrained(): boolean {
    const { steady, prefilling, budget } = this;
    let tokens = steady.size;
    let blocks = steady.blocksNextPass();
    for (let at = 0; at < prefilling.length; at++) {
      const request = prefilling[at]!;
      const left = budget - tokens;
      let wanted = this.wanted(request);
      if (wanted > left) {
        // Cut short, which is all right where nothing behind it wants tokens.
        if (left <= 0 || at !== prefilling.length - 1 || !this.isLastThatRuns(request)) return false;
        wanted = left;
      }
      tokens += wanted;
      blocks += this.blocksToGrow(request, wanted);
    }
    return tokens <= budget && blocks <= this.freeBlocks;
  }

  private isLastThatRuns(request: number): boolean {
    let behind = this.running.next(request);
    while (behind >= 0 && this.state[behind] === DRAINING) behind = this.running.next(behind);
    return behind < 0;
  }

  /** Gives every running request what it wants. Returns the budget left. */
  private runAll(step: CountStep): number {
    const { steady } = this;
    step.steady = steady.size;
    if (steady.size > 0) step.decodes(steady.size, steady.contextTokens);
    this.blocks.take(steady.blocksNextPass());
    steady.passes++;
    let budget = this.budget - steady.size;
    const { prefilling } = this;
    let left = 0;
    for (let at = 0; at < prefilling.length; at++) {
      const request = prefilling[at]!;
      const tokens = Math.min(this.wanted(request), budget);
      this.blocks.take(this.blocksToGrow(request, tokens));
      this.register(request, tokens);
      budget -= tokens;
      if (!this.compute(request, tokens, step)) prefilling[left++] = request;
    }
    shorten(prefilling, left);
    return budget;
  }

  /** Goes through the running list front to back, preempting where blocks run out. Returns the budget left. */
  private runInOrder(step: CountStep): number {
    const { running, state } = this;
    const served: number[] = [];
    const tokensOf: number[] = [];
    let { budget } = this;
    let request = running.head;
    scan: while (request >= 0 && budget > 0) {
      if (state[request] === DRAINING) {
        request = running.next(request);
        continue;
      }
      const tokens = state[request] === STEADY ? 1 : Math.min(this.wanted(request), budget);
      const blocks = this.blocksToGrow(request, tokens);
      while (blocks > this.freeBlocks) {
        const victim = this.victim();
        const at = served.indexOf(victim);
        let taken = 0;
        if (at >= 0) {
          taken = tokensOf[at]!;
          budget += taken;
          served.splice(at, 1);
          tokensOf.splice(at, 1);
        }
        this.preempt(victim, taken, step);
        if (victim === request) break scan;
      }
      this.blocks.take(blocks);
      if (state[request] !== STEADY) this.register(request, tokens);
      budget -= tokens;
      served.push(request);
      tokensOf.push(tokens);
      request = running.next(request);
    }
    this.settle(served, tokensOf, step);
    return budget;
  }

  /** Books what a walk in order decided, and takes those it passed over out of the steady ones. */
  private settle(served: readonly number[], tokensOf: readonly number[], step: CountStep): void {
    const { running, steady, state } = this;
    let at = 0;
    for (let request = running.head; request >= 0; request = running.next(request)) {
      if (served[at] === request) {
        at++;
      } else if (state[request] === STEADY) {
        this.leaveSteady(request);
        state[request] = STARVED;
        this.target[request] = this.computed[request]! + 1;
      }
    }
    step.steady = steady.size;
    if (steady.size > 0) step.decodes(steady.size, steady.contextTokens);
    steady.passes++;
    served.forEach((request, i) => {
      if (state[request] === PREFILLING || state[request] === STARVED) this.compute(request, tokensOf[i]!, step);
    });
    shorten(this.prefilling, 0);
    for (let request = running.head; request >= 0; request = running.next(request)) {
      if (state[request] === PREFILLING || state[request] === STARVED) this.prefilling.push(request);
    }
  }

  private admit(step: CountStep, left: number): void {
    const { waiting, running, slots, blocks } = this;
    let budget = left;
    while (waiting.length > 0 && this.admitsHead(budget)) {
      const request = waiting.head()!;
      const { hits } = blocks;
      const cachedTokens = hits * this.limits.blockSize;
      this.computed[request] = cachedTokens;
      const tokens = Math.min(this.wanted(request), budget);
      waiting.takeHead();
      running.push(request);
      this.admission[request] = this.admissions++;
      this.state[request] = PREFILLING;
      step.admit(request, cachedTokens);
      blocks.hold(request);
      blocks.take(blocks.holding(cachedTokens + tokens) - hits);
      this.register(request, tokens);
      budget -= tokens;
      if (!this.compute(request, tokens, step)) this.prefilling.push(request);
    }
    if (budget < 0 || running.length > slots) {
      throw new InvariantError(`step ${step.id} admitted beyond its budget or slots`);
    }
  }

  /** Whether the next waiting request can start with `budget` tokens left. */
  private admitsHead(budget: number): boolean {
    const { limits, running, blocks } = this;
    blocks.forgetLookUp();
    if (budget <= 0 || running.length >= this.slots) return false;
    const request = this.waiting.head()!;
    const known = this.target[request]!;
    blocks.lookUp(request, known);
    const { hits, idleHits } = blocks;
    const cachedTokens = hits * limits.blockSize;
    const wanted = Math.min(known - cachedTokens, this.cap);
    if (!limits.chunkedPrefill && wanted > budget) return false;
    const guard = running.length > 0 ? this.watermarkBlocks : 0;
    const gated = limits.reserveFullIsl ? known : cachedTokens + Math.min(wanted, budget);
    return blocks.holding(gated) - hits + idleHits + guard <= blocks.free;
  }

  /** Computes `tokens` of a request outside the steady ones. Returns whether it samples, and so leaves that state. */
  private compute(request: number, tokens: number, step: CountStep): boolean {
    const before = this.computed[request]!;
    const after = before + tokens;
    if (this.state[request] === STARVED) step.decodes(1, before);
    else step.prefills(tokens, before, this.target[request]!);
    this.computed[request] = after;
    if (after < this.target[request]!) return false;
    const promptTokens = this.promptTokens[request]!;
    step.join(request, after === promptTokens);
    const remaining = promptTokens + this.outputTokens[request]! - 1 - after;
    if (remaining === 0) {
      this.drain(request, after, step);
    } else {
      this.state[request] = STEADY;
      this.steady.add(request, after, remaining);
    }
    return true;
  }

  /** Those whose last token the latest pass scheduled, in that step. */
  private drainEnding(step: CountStep): void {
    const { steady } = this;
    for (let ended = steady.endingNow(); ended !== undefined; ended = steady.endingNow()) {
      this.drain(ended, steady.computed(ended), step);
      steady.remove(ended);
    }
  }

  private drain(request: number, computed: number, step: CountStep): void {
    this.state[request] = DRAINING;
    this.computed[request] = computed;
    step.end(request);
  }

  private victim(): number {
    return this.ranking === undefined ? this.running.tail : this.ranking.last(this.running);
  }

  /** Puts a running request back; `taken` tokens were given to it in this pass. */
  private preempt(request: number, taken: number, step: CountStep): void {
    const state = this.state[request]!;
    if (state === STEADY) this.leaveSteady(request);
    const computed = this.computed[request]!;
    const isInFlight = this.depth === 2 && (state === STEADY || state === DRAINING);
    const registered = isInFlight ? Math.max(this.target[request]!, computed + taken - 1) : computed + taken;
    this.blocks.release(request, computed + taken, registered);
    // A decoding request has sampled a token for every one computed from its prompt's last on.
    if (state === STEADY || state === DRAINING) this.target[request] = computed + 1;
    this.computed[request] = 0;
    this.state[request] = WAITING;
    this.running.remove(request);
    this.waiting.putBack(request);
    step.preempt(request);
  }

  /** Takes a request out of the steady ones: its tokens so far are as of the latest step. */
  private leaveSteady(request: number): void {
    this.computed[request] = this.steady.computed(request);
    this.steady.remove(request);
    this.reports.leaves(request, this.latest!);
  }

  /** Tokens a request outside the steady ones asks for in a pass. */
  private wanted(request: number): number {
    return Math.min(this.target[request]! - this.computed[request]!, this.cap);
  }

  /** A request outside the steady ones computes so many tokens: full blocks of known tokens can be found from now on. */
  private register(request: number, tokens: number): void {
    const end = Math.min(this.computed[request]! + tokens, this.target[request]!);
    this.blocks.register(request, end);
  }

  private blocksToGrow(request: number, tokens: number): number {
    if (this.state[request] === STEADY) return this.steady.needsBlock(request) ? 1 : 0;
    const computed = this.computed[request]!;
    return this.blocks.holding(computed + tokens) - this.blocks.holding(computed);
  }
}
