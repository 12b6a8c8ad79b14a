/** The state of a scheduler, and what a pass does with one request. */
import type { i32 } from "../../../kernel/numbers.js";
import type { KvBlocks } from "./kv-blocks.js";
import { type Limits, NO_CAP } from "./limits.js";
import type { Ranking } from "./ranking.js";
import { DRAINING, type Request, STARVED, STEADY, WAITING } from "./request.js";
import { RequestList } from "./request-list.js";
import { RunningList } from "./running-list.js";
import { SteadyDecodes } from "./steady-decodes.js";
import { type Step, StepPool, Work } from "./step.js";
import { TokenReports } from "./token-reports.js";
import { WaitingQueue } from "./waiting-queue.js";

export class Scheduling {
  readonly running: RunningList = new RunningList();
  readonly waiting: WaitingQueue;
  readonly steady: SteadyDecodes;
  /** Running requests that are PREFILLING or STARVED, in the order of the running list. */
  readonly prefilling: RequestList = new RequestList();
  readonly reports: TokenReports = new TokenReports();
  readonly pool: StepPool;
  /** When the pass began. */
  passNs: number = 0;
  /** Most tokens of one request in the pass. */
  cap: i32 = NO_CAP;
  admissions: i32 = 0;
  /** Whether blocks of answers can be found before they end; only where steps say who does what. */
  findsAnswers: boolean = false;

  /** `saysWork`: whether steps say what each request does, so that nothing is skipped. */
  constructor(
    readonly limits: Limits,
    readonly blocks: KvBlocks,
    readonly ranking: Ranking | null,
    longestOutput: i32,
    readonly saysWork: boolean,
  ) {
    this.waiting = new WaitingQueue(ranking);
    this.steady = new SteadyDecodes(blocks.blockSize, longestOutput);
    this.pool = new StepPool(saysWork);
  }

  /** Tokens that a request outside the steady ones asks for in a pass. */
  wanted(request: Request): i32 {
    const left = request.target - request.computed;
    return left < this.cap ? left : this.cap;
  }

  blocksToGrow(request: Request, tokens: i32): i32 {
    if (request.state === STEADY) return this.steady.needsBlock(request) ? 1 : 0;
    return this.blocks.holding(request.computed + tokens) - this.blocks.holding(request.computed);
  }

  /** A request outside the steady ones computes so many tokens: full blocks of known tokens can be found from now on. */
  registerComputed(request: Request, tokens: i32): void {
    if (this.blocks.isPlain) return;
    const end = request.computed + tokens;
    this.blocks.register(request, end < request.target ? end : request.target);
  }

  /** A steady request computes a token: of a synchronous scheduler all tokens up to it are known. */
  registerSteady(request: Request): void {
    if (this.findsAnswers && !this.limits.isAsynchronous)
      this.blocks.register(request, this.steady.computed(request) + 1);
  }

  /** Computes `tokens` of a request outside the steady ones. Returns whether it samples, and so leaves that state. */
  compute(request: Request, tokens: i32, step: Step): boolean {
    const before = request.computed;
    const after = before + tokens;
    if (request.state === STARVED) step.decodes(1, before);
    else step.prefills(tokens, before, request.target);
    request.computed = after;
    if (after < request.target) return false;
    step.join(request, after === request.promptTokens);
    const remaining = request.promptTokens + request.outputTokens - 1 - after;
    if (remaining === 0) {
      step.ending.push(request);
      if (this.goesOn(request)) {
        request.state = STEADY;
        this.steady.add(request, after, 0);
      } else request.state = DRAINING;
    } else {
      request.state = STEADY;
      this.steady.add(request, after, remaining);
    }
    return true;
  }

  /** What a request does in the step, where that is asked for; before its tokens are computed. */
  note(request: Request, tokens: i32, step: Step): void {
    if (!this.saysWork) return;
    const past = request.state === STEADY ? this.steady.computed(request) : request.computed;
    const work = new Work(request, request.index, tokens, past);
    work.prefills = request.state !== STEADY && request.state !== STARVED;
    work.samples = !work.prefills || past + tokens === request.target;
    step.work.push(work);
  }

  /** Those whose last token the latest pass scheduled, in that step. */
  drainEnding(step: Step): void {
    const steady = this.steady;
    for (let request = steady.endingNow(); request !== null; request = steady.endingNow()) {
      step.ending.push(request);
      if (this.goesOn(request)) {
        steady.unlink(request);
        continue;
      }
      request.computed = steady.computed(request);
      steady.remove(request);
      request.state = DRAINING;
    }
  }

  /** Whether the pass after that of its last token schedules a request again, because nobody knows yet that it ends there. */
  private goesOn(request: Request): boolean {
    return this.limits.isAsynchronous && !request.isEndKnown;
  }

  /** Takes all from a running request, which will compute everything again; `taken` tokens were given to it in this pass. */
  preempt(request: Request, taken: i32, step: Step): void {
    const state = request.state;
    if (state === STEADY) this.leaveSteady(request);
    const computed = request.computed + taken;
    const samples = state === STEADY || state === DRAINING;
    // The token in flight is not known yet.
    const known = this.limits.isAsynchronous && samples ? computed - 1 : computed;
    this.blocks.release(request, computed, known > request.target || !samples ? known : request.target);
    // A decoding request has sampled a token for every one computed from its prompt's last on.
    if (samples) request.target = request.computed + 1;
    request.computed = 0;
    request.state = WAITING;
    this.running.remove(request);
    this.waiting.putBack(request);
    request.preemptions++;
    step.preemptions.push(request);
  }

  /** Takes a request out of the steady ones: its tokens so far are as of the latest step. */
  leaveSteady(request: Request): void {
    request.computed = this.steady.computed(request);
    this.steady.remove(request);
    this.reports.leaves(request, this.pool.latest!);
  }
}
