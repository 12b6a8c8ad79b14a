/** vLLM's scheduler (scheduler/) as the engine loop drives it: requests by their index in the workload. */
import { InvariantError } from "../../../formats/index.js";
import { slotCount, stepBudget } from "../step-policy.js";
import type { SchedulerRequest, StepAssignment, StepScheduler, TokenSink } from "../step.js";
import { tokenCounts, type TokenCounts } from "../token-counts.js";
import type { SchedulerLimits } from "./limits.js";
import { CachedBlocks } from "./prefix-cache/index.js";
import { RequestRanking } from "./request-ranking.js";
import { isEndKnown, rejectionReason } from "./rejection.js";
import { KvBlocks, Limits, type Request, RequestPool, Scheduler, type Step } from "./scheduler/index.js";

export interface VllmSchedulerOptions {
  /** Whether steps say what each request does, and blocks have ids; then nothing is skipped. */
  readonly saysWork: boolean;
  /** Whether blocks of answers can be found before they end; with saysWork. */
  readonly findsAnswers: boolean;
}

const nobody: readonly number[] = [];

export class VllmScheduler extends Scheduler implements StepScheduler<Step> {
  readonly depth: 1 | 2;
  readonly cached: CachedBlocks | undefined;
  private readonly requests: RequestPool = new RequestPool();

  constructor(
    private readonly given: SchedulerLimits,
    private readonly workload: readonly SchedulerRequest[],
    { saysWork, findsAnswers }: VllmSchedulerOptions,
    tokens: Pick<TokenCounts, "longestOutput"> = tokenCounts(workload),
  ) {
    const { blockSize, numGpuBlocks, prefixCaching, schedulingPolicy, maxModelLen, rules } = given;
    // One block is the null block.
    const blocks = numGpuBlocks - 1;
    const options = { blockSize, blocks, prefixCaching, isNamed: saysWork, freesUnkeyedFirst: rules.freesUnkeyedFirst };
    const cached = prefixCaching || saysWork ? new CachedBlocks(workload, options) : undefined;
    super(
      limitsOf(given),
      cached ?? new KvBlocks(blockSize, blocks),
      schedulingPolicy === "priority" ? new RequestRanking(workload) : null,
      Math.min(tokens.longestOutput, maxModelLen),
      saysWork,
    );
    this.depth = given.asyncScheduling ? 2 : 1;
    this.cached = cached;
    this.findsAnswers = findsAnswers;
  }

  get runningRequests(): number {
    return this.running.length;
  }

  get waitingRequests(): number {
    return this.waiting.length;
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

  rejection(index: number): string | undefined {
    const { promptTokens, outputTokens, maxTokens = Infinity } = this.workload[index]!;
    return rejectionReason(promptTokens, outputTokens, maxTokens, this.given);
  }

  /** A request that should be rejected may be added anyway, as a server's: it stops at the model's length, or waits. */
  add(index: number, arrivalNs: number): void {
    const { maxModelLen } = this.given;
    const { promptTokens, outputTokens } = this.workload[index]!;
    const request = this.requests.take(index, promptTokens, Math.min(outputTokens, maxModelLen - promptTokens));
    request.arrivedNs = arrivalNs;
    request.isEndKnown = isEndKnown(this.workload[index]!, maxModelLen);
    this.enter(request);
  }

  abort(index: number): boolean {
    const request = this.find(index);
    if (request !== undefined) this.giveUp(request);
    return request !== undefined;
  }

  absent(index: number): void {
    this.cached?.absent(index);
  }

  schedule(): Step {
    return this.scheduleAt(0);
  }

  update(step: Step): readonly number[] {
    if (step.isUpdated) throw new InvariantError(`step ${step.id} was updated twice`);
    this.settle(step);
    if (step.ending.count === 0) return nobody;
    const ended: number[] = [];
    for (let at = 0; at < step.ending.count; at++) ended.push(step.ending.at(at).index);
    return ended;
  }

  override deliver(step: Step, atNs: number, sink: TokenSink): void {
    super.deliver(step, atNs, sink);
    if (this.saysWork) return;
    for (let at = 0; at < step.ending.count; at++) this.requests.give(step.ending.at(at));
  }

  assignments({ work }: Step): readonly StepAssignment[] {
    return work;
  }

  /** After its update: indices of the requests that got a token from a step, in scheduling order. */
  deliveredOf({ work }: Step): number[] {
    return work.filter(({ samples, isLost }) => samples && !isLost).map(({ index }) => index);
  }

  blocksOf(index: number): readonly number[] {
    return this.cached?.blocksOf(index) ?? nobody;
  }

  /** Running requests in order of admission. */
  allRunning(): Request[] {
    const all: Request[] = [];
    for (let request = this.running.first; request !== null; request = request.next) all.push(request);
    return all;
  }

  /** Waiting requests in order of service (fcfs), or in no order (priority). */
  allWaiting(): Request[] {
    return Array.from({ length: this.waiting.length }, (_, place) => this.waiting.at(place));
  }

  private find(index: number): Request | undefined {
    for (let request = this.running.first; request !== null; request = request.next) {
      if (request.index === index) return request;
    }
    return this.allWaiting().find((request) => request.index === index);
  }
}

function limitsOf(given: SchedulerLimits): Limits {
  const limits = new Limits();
  limits.isAsynchronous = given.asyncScheduling;
  limits.budget = stepBudget(given);
  limits.slots = slotCount(given);
  limits.maxNumBatchedTokens = given.maxNumBatchedTokens;
  limits.watermarkBlocks = Math.floor(given.watermark * given.numGpuBlocks);
  limits.longPrefillTokenThreshold = given.longPrefillTokenThreshold;
  limits.adaptivePrefillCap = given.adaptivePrefillCap === true;
  limits.sparesLoneRequest = given.rules.sparesLoneRequest;
  limits.chunkedPrefill = given.chunkedPrefill;
  limits.reserveFullIsl = given.reserveFullIsl;
  return limits;
}
