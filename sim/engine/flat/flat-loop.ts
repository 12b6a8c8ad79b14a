/**
 * An engine with its front end that runs compiled (as/engine.as.ts): the server that engine-loop.ts is with the counting scheduler, to the
 * last bit, where all times of the host are drawn at one pace. The log has a request once it is complete, and not before.
 */
import { InvariantError } from "../../../formats/index.js";
import { BLOCK, type PacedCosts, type StepCostModel } from "../../cost/index.js";
import {
  PrefixCache,
  isEndKnown,
  RequestRanking,
  rejectionReason,
  type CountedLimits,
  type SchedulerRequest,
  type TokenCounts,
} from "../../policy/index.js";
import type { AdmissionStops } from "../log/index.js";
import { Ends } from "../log/index.js";
import { PreemptionError } from "../server/index.js";
import { livelock, nothingScheduled } from "../server/index.js";
import type { ServerLoop } from "../server/index.js";
import { ServerTimes } from "../log/index.js";
import type { StepLog } from "../log/index.js";
import { inputsOf, kindNumbers, streamsOf } from "./inputs.js";
import type { Caller } from "./caller.js";
import { Machine, outputNames, type Output } from "./machine.js";

export interface FlatLoopInput {
  readonly limits: CountedLimits;
  readonly cost: StepCostModel;
  readonly paced: PacedCosts;
  readonly log: StepLog;
  readonly requests: readonly SchedulerRequest[];
  readonly tokens: TokenCounts;
  readonly stopsAtEnds: boolean;
  readonly stopsAtPreemption: boolean;
  /** Whether the log has first tokens at once. */
  readonly tellsFirstTokens: boolean;
}

/** How advance() ends, as in the program. */
const PREEMPTED = 1;
const STUCK = 2;
const LIVELOCK = 3;
/** Numbers of a complete request. */
const END_FIELDS = 9;

export class FlatLoop implements ServerLoop, Caller {
  /** None has a closed form. */
  readonly jumpedSteps = 0;
  readonly ended = new Ends();
  readonly kvBlocks: number;
  private readonly machine = Machine.take();
  private readonly streams: ReturnType<typeof streamsOf>;
  private readonly serverTimes: ServerTimes;
  private readonly deliveryNs: number;
  /** Of the pace's window, what the machine has. */
  private paceFirstCell = 0;
  private paceCells = 0;
  private countedTokens = 0;
  private readonly cache: PrefixCache | undefined;
  private readonly ranking: RequestRanking | undefined;
  /** What was counted, once it is over. */
  private readonly final: Partial<Record<Output, number>> = {};
  private isOver = false;

  constructor(private readonly input: FlatLoopInput) {
    const { limits, cost, paced, log, tokens } = input;
    this.kvBlocks = limits.numGpuBlocks - 1;
    this.streams = streamsOf(paced);
    if (limits.prefixCaching)
      this.cache = new PrefixCache(input.requests, limits.blockSize, this.kvBlocks, {
        ...limits.rules,
        isNamed: false,
      });
    if (limits.schedulingPolicy === "priority") this.ranking = new RequestRanking(input.requests);
    this.serverTimes = log.serverTimes ??= new ServerTimes(log.rows);
    this.deliveryNs = paced.frontEnd.deliveryNs;
    this.machine.begin(this, inputsOf(input), Math.min(tokens.longestOutput, limits.maxModelLen));
    const { measuredLow, measuredHigh } = this.machine.tables;
    if (cost.rangeUse === undefined) throw new InvariantError("a profile of a vLLM engine has a measured range");
    measuredLow.set(cost.rangeUse.low);
    measuredHigh.set(cost.rangeUse.high);
  }

  get busyNs(): number {
    return this.number("busyNs");
  }

  get hostBusyNs(): number {
    return this.number("hostBusyNs");
  }

  get frontEndBusyNs(): number {
    return this.number("frontEndBusyNs");
  }

  get steps(): number {
    return this.number("steps");
  }

  get runSteps(): number {
    return this.number("runSteps");
  }

  get preemptions(): number {
    return this.number("preemptions");
  }

  get waitingRequests(): number {
    return this.machine.wasm.waitingRequests();
  }

  get runningRequests(): number {
    return this.number("runningRequests");
  }

  get freeBlocks(): number {
    return this.number("freeBlocks");
  }

  get kvHighWater(): readonly number[] {
    return [this.kvBlocks - this.number("fewestFreeBlocks")];
  }

  get admissionStops(): AdmissionStops {
    return {
      seats: this.number("seatStops"),
      kv_blocks: this.number("blockStops"),
      token_budget: this.number("budgetStops"),
      none: this.number("noStops"),
    };
  }

  watchBlocks(): void {
    this.machine.wasm.watchBlocks();
  }

  rejection(index: number): string | undefined {
    const { tokens, requests, limits } = this.input;
    const { maxTokens = Infinity } = tokens.hasLimits ? requests[index]! : {};
    return rejectionReason(tokens.promptTokens[index]!, tokens.outputTokens[index]!, maxTokens, limits);
  }

  absent(index: number): void {
    this.cache?.absent(index);
  }

  arrive(index: number, atNs: number): void {
    const { tokens, requests, limits } = this.input;
    const knowsEnd = !tokens.hasLimits || isEndKnown(requests[index]!, limits.maxModelLen);
    this.machine.wasm.arrive(index, tokens.promptTokens[index]!, tokens.outputTokens[index]!, knowsEnd, atNs);
  }

  abort(): void {
    throw new InvariantError("clients that give up are simulated step by step");
  }

  nextNs(): number {
    return this.machine.wasm.nextNs();
  }

  nextIsFrontEnd(): boolean {
    return this.machine.wasm.nextIsFrontEnd() !== 0;
  }

  quietUntilNs(): number {
    return this.machine.wasm.quietUntilNs();
  }

  advance(limitNs: number, quietNs = limitNs, frontEndNs = limitNs): void {
    const outcome = this.machine.wasm.advance(limitNs, quietNs, frontEndNs, this.ended.nextNs);
    if (outcome === PREEMPTED) throw new PreemptionError("preemption");
    if (outcome === STUCK) throw nothingScheduled(this, this.number("hostNs"));
    if (outcome === LIVELOCK) throw livelock(this, this.number("hostNs"));
  }

  finish(): void {
    if (this.isOver) return;
    this.takeGaps(this.number("gaps"));
    const use = this.input.cost.rangeUse!;
    const { asked, beyondNs } = this.machine.tables;
    use.asked.set(asked);
    use.beyondNs.set(beyondNs);
    use.anyNs = this.number("anyBeyondNs");
    use.totalNs = this.number("totalNs");
    for (const name of outputNames) this.final[name] = this.number(name);
    this.isOver = true;
    this.machine.release();
  }

  movePace(atNs: number): number {
    const { pace } = this.input.paced;
    const { machine } = this;
    const value = pace.at(atNs);
    const { firstCell, cells, values } = pace;
    const known = firstCell === this.paceFirstCell ? this.paceCells : 0;
    if (firstCell === this.paceFirstCell && cells === known) return value;
    machine.tables.paces.set(values.subarray(known, cells), known);
    machine.wasm.paceFirstCell.value = this.paceFirstCell = firstCell;
    machine.wasm.paceCells.value = this.paceCells = cells;
    return value;
  }

  refillStream(stream: number): void {
    const factors = this.streams[stream]!;
    factors.refill();
    this.machine.tables.factors.set(factors.values, stream * BLOCK);
  }

  fillMeans(requests: number, place: number): void {
    const means = this.input.paced.meansOf(requests);
    const { scheduleNs, updateNs, launchNs, decodeNs, incrementNs, outputNs, restNs } = means;
    const { full, piecewise, none } = launchNs;
    const { numbers, integers } = this.machine.tables;
    numbers.set([scheduleNs, updateNs, full, piecewise, none, decodeNs, incrementNs, outputNs, restNs], place / 8);
    integers[place / 4 + 18] = kindNumbers[means.decodeKind];
  }

  meanPrefillNs(tokens: number): number {
    return this.input.paced.prefillNs(tokens);
  }

  heldNs(): number {
    const { stalls } = this.input.paced;
    const ns = stalls.held();
    this.machine.wasm.stallTokens.value = stalls.tokensLeft;
    return ns;
  }

  takeGaps(count: number): void {
    const { gapValues, gapWeights } = this.machine.tables;
    this.input.log.gaps.addMany(gapValues, gapWeights, count);
  }

  takeGap(gapNs: number, weight: number): void {
    this.input.log.gaps.addOne(gapNs, weight);
  }

  takeEnds(count: number, tokens: number): void {
    const { log, stopsAtEnds } = this.input;
    const { serverTimes } = this;
    const { ends } = this.machine.tables;
    log.countTokensOf(tokens - this.countedTokens);
    this.countedTokens = tokens;
    for (let at = 0; at < count * END_FIELDS; at += END_FIELDS) {
      const row = ends[at]!;
      const lastTokenNs = ends[at + 4]!;
      log.preemptions[row] = ends[at + 1]!;
      log.scheduledNs[row] = ends[at + 2]!;
      log.firstTokenNs[row] = ends[at + 3]!;
      log.lastTokenNs[row] = lastTokenNs;
      serverTimes.takenNs[row] = ends[at + 5]!;
      serverTimes.firstNs[row] = ends[at + 6]!;
      serverTimes.lastNs[row] = ends[at + 7]!;
      log.cachedTokens[row] = ends[at + 8]!;
      log.completed(row);
      if (stopsAtEnds) this.ended.push(row, lastTokenNs - this.deliveryNs);
    }
  }

  firstToken(row: number, atNs: number): void {
    this.input.log.firstTokenNs[row] = atNs;
  }

  cacheLookUp(index: number, knownTokens: number): void {
    const cache = this.cache!;
    cache.lookUp(index, knownTokens);
    this.machine.wasm.hits.value = cache.hitBlocks;
    this.machine.wasm.idleHits.value = cache.idleHits;
  }

  cacheHold(index: number): void {
    this.cache!.hold(index);
  }

  cacheTake(blocks: number): void {
    this.cache!.take(blocks);
  }

  cacheRegister(index: number, blocks: number): void {
    this.cache!.register(index, blocks);
  }

  cacheRelease(index: number, blocks: number): number {
    return this.cache!.release(index, blocks);
  }

  cacheForget(index: number): void {
    this.cache!.forget(index);
  }

  arrived(index: number, atNs: number): void {
    this.ranking!.arrived({ index, arrivedNs: atNs });
  }

  isServedBefore(index: number, other: number): boolean {
    return this.ranking!.isServedBefore({ index }, { index: other });
  }

  isRankedBehind(index: number, other: number): boolean {
    return this.ranking!.isRankedBehind({ index }, { index: other });
  }

  private number(name: Output): number {
    return this.isOver ? this.final[name]! : this.machine.number(name);
  }
}
