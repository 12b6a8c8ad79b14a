/**
 * One vLLM engine on the virtual clock: a scheduler, a host thread that schedules, launches and takes results, a GPU
 * that computes, and the front end before them where the profile has one. Requests enter the engine between steps only.
 * Rounds are taken one by one; or runs of decodes at once, in jumps where their times have a closed form
 * (decode-jumps.ts), and draw by draw where they are drawn (decode-rounds.ts): all give the same times to the last bit.
 * Source of the loop: vllm/v1/engine/core.py (behaviour); docs/design.md, section 4.
 */
import type { EngineStep, Indexed, TokenSink } from "../../policy/index.js";
import { DecodeJumps } from "./decode-jumps.js";
import { DecodeRounds } from "./decode-rounds.js";
import { startOfRound } from "./decode-run.js";
import type { EngineClocks } from "./engine-clocks.js";
import { Ends } from "../log/index.js";
import { endOnGpu } from "./end-on-gpu.js";
import { PreemptionError, type EngineLoopInput } from "./engine-loop-input.js";
import { countStop, noStops, stopOf, type AdmissionStops } from "../log/index.js";
import { FrontEnd } from "./front-end.js";
import { Inbox } from "./inbox.js";
import { Outputs, type Output } from "./outputs.js";
import { Progress } from "./progress.js";
import { ServerTimes } from "../log/index.js";
import { StepsInFlight } from "./steps-in-flight.js";
import type { ServerLoop } from "./server-loop.js";

export class EngineLoop implements TokenSink, EngineClocks, ServerLoop {
  readonly ended: Ends;
  readonly kvBlocks: number;
  hostNs = 0;
  gpuEndNs = 0;
  deliveredNs = 0;
  firstsOutNs = 0;
  busyNs = 0;
  hostBusyNs = 0;
  steps = 0;
  jumpedSteps = 0;
  runSteps = 0;
  preemptions = 0;
  readonly admissionStops: AdmissionStops = noStops();
  protected waitedNs = 0;
  /** When the latest pass of the scheduler began. */
  protected passStartNs = 0;
  protected readonly inFlight = new StepsInFlight();
  private readonly inbox = new Inbox();
  private readonly frontEnd: FrontEnd<Output> | undefined;
  private readonly outputs: Outputs;
  /** When the engine had the output that is being delivered. */
  private updatedNs = 0;
  /** From the client to the front end, and from there to the client. */
  private readonly acceptNs: number;
  private readonly deliveryNs: number;
  /** How long after the others of its step a request's first token is written. */
  private firstLateNs = 0;
  outputLimitNs = 0;
  private readonly progress: Progress;
  /** Runs of decodes: of times with a closed form, or drawn. */
  private readonly decodeJumps: DecodeJumps | undefined;
  private readonly decodeRounds: DecodeRounds | undefined;

  constructor(private readonly input: EngineLoopInput) {
    const { cost, rank } = input;
    this.ended = rank?.ended ?? new Ends();
    this.outputs = new Outputs(rank?.number ?? 0);
    this.kvBlocks = input.scheduler.freeBlocks;
    this.acceptNs = cost.frontEnd?.acceptNs ?? 0;
    this.deliveryNs = cost.frontEnd?.deliveryNs ?? 0;
    if (cost.frontEnd !== undefined) {
      input.log.serverTimes ??= new ServerTimes(input.log.rows);
    }
    if (cost.frontEnd !== undefined && rank === undefined) {
      this.frontEnd = new FrontEnd<Output>(cost.frontEnd, input.log.promptTokens, {
        requestReady: (index, arrivalNs, atNs) => {
          this.enqueue(index, arrivalNs, atNs);
        },
        delivered: (output, atNs, firstLateNs) => {
          this.delivered(output, atNs, firstLateNs);
        },
      });
    }
    this.progress = new Progress(input.scheduler);
    if (!input.jumps) return;
    const { inFlight, frontEnd } = this;
    const { scheduler, log } = input;
    const parts = { scheduler, cost, log, frontEnd, inFlight, clocks: this, sink: this };
    if (cost.isSampled !== true) this.decodeJumps = new DecodeJumps(parts);
    else if (cost.decodeTimes !== undefined) {
      this.decodeRounds = new DecodeRounds(parts, {
        tell: (step, sentNs, atNs) => {
          this.updatedNs = sentNs - cost.host.sendNs;
          this.deliver(step, [], atNs);
        },
        send: (step, tokens, sentNs) => {
          frontEnd!.send(this.outputs.ofDecodes(step, tokens, sentNs - cost.host.sendNs), sentNs);
        },
      });
    }
  }

  /** Time in which the front end worked, ns. */
  get frontEndBusyNs(): number {
    return this.frontEnd?.busyNs ?? 0;
  }

  get waitingRequests(): number {
    return this.input.scheduler.waitingRequests;
  }

  get freeBlocks(): number {
    return this.input.scheduler.freeBlocks;
  }

  get kvHighWater(): readonly number[] {
    return [this.kvBlocks - this.input.scheduler.fewestFreeBlocks];
  }

  watchBlocks(): void {
    const { scheduler } = this.input;
    scheduler.fewestFreeBlocks = scheduler.freeBlocks;
  }

  rejection(index: number): string | undefined {
    return this.input.scheduler.rejection(index);
  }

  absent(index: number): void {
    this.input.scheduler.absent?.(index);
  }

  /** A request that reached the server at `arrivalNs` is at the engine's input queue; times do not go back. */
  enqueue(index: number, arrivalNs: number, atNs: number): void {
    this.inbox.push(index, arrivalNs, atNs);
    this.input.observer?.queued(index, atNs);
  }

  /** The front end has told clients of an output. */
  delivered(output: Output, atNs: number, firstLateNs: number): void {
    const { step, complete } = output;
    this.firstLateNs = firstLateNs;
    if (step.firstTokens > 0) this.firstsOutNs = Math.max(this.firstsOutNs, atNs + firstLateNs);
    this.updatedNs = output.updatedNs;
    this.deliver(step, complete, atNs);
    this.outputs.delivered(output);
  }

  /** A request that the scheduler does not reject reaches the server; times do not go back. */
  arrive(index: number, atNs: number): void {
    if (this.frontEnd === undefined) this.enqueue(index, atNs, atNs);
    else this.frontEnd.arrive(index, atNs + this.acceptNs);
  }

  /**
   * The client of a request gives up. The engine hears of it between steps, as of a request; the front end takes no time
   * for it.
   */
  abort(index: number, atNs: number): void {
    this.inbox.giveUp(index, atNs + this.acceptNs);
  }

  /** When something happens next; Infinity when nothing will without another request. */
  nextNs(): number {
    const roundNs = this.nextRoundNs();
    return this.frontEnd === undefined ? roundNs : Math.min(roundNs, this.frontEnd.nextNs());
  }

  /** Whether what happens next happens in the front end. At one instant it has its turn before the engine. */
  nextIsFrontEnd(): boolean {
    return this.frontEnd !== undefined && this.frontEnd.nextNs() <= this.nextRoundNs();
  }

  /** A time before which no request ends, whatever happens elsewhere; at least nextNs(). */
  quietUntilNs(): number {
    const nextNs = this.nextNs();
    const { frontEnd, inFlight } = this;
    if (!this.input.jumps) return nextNs;
    // Steps give their results in turn: none does before the GPU ends the oldest.
    const resultNs = inFlight.length === 0 ? nextNs : Math.max(this.hostNs, inFlight.oldestEndNs);
    if (frontEnd !== undefined) return Math.min(resultNs, frontEnd.quietUntilNs());
    if (this.inbox.length > 0) return resultNs;
    const run = this.decodeJumps?.from(this.nextRoundNs(), Infinity, Infinity);
    return run === undefined ? resultNs : startOfRound(run.form, run.rounds + 1);
  }

  /**
   * Does everything that happens before `limitNs`, or before the first end of a request if it stops there. No request
   * arrives before `quietNs`, and the front end goes on before `frontEndNs`: both are the limit, unless another replica
   * has its turn at the same instant.
   */
  advance(limitNs: number, quietNs = limitNs, frontEndNs = limitNs): void {
    const { ended } = this;
    for (;;) {
      const roundNs = this.nextRoundNs();
      if (this.frontEnd !== undefined) {
        const untilNs = Math.min(roundNs, Math.min(frontEndNs, ended.nextNs) - 1);
        if (this.frontEnd.nextNs() <= untilNs && (this.frontEnd.runUntil(untilNs) || this.nextRoundNs() < roundNs))
          continue;
      }
      const endNs = ended.nextNs;
      if (roundNs >= limitNs || roundNs >= endNs) return;
      this.round(roundNs, Math.min(limitNs, endNs), Math.min(quietNs, endNs));
    }
  }

  token({ index }: Indexed, atNs: number): boolean {
    const { log } = this.input;
    log.serverTimes?.token(index, this.updatedNs);
    return log.token(index, atNs + this.deliveryNs, this.firstLateNs);
  }

  steadyTokens(requests: number, atNs: number): void {
    this.input.log.steadyTokens(requests, atNs - this.deliveredNs);
  }

  lastTokenWas({ index }: Indexed, atNs: number): void {
    const { log } = this.input;
    log.lastTokenWas(index, atNs + this.deliveryNs);
    log.serverTimes?.token(index, this.updatedNs);
  }

  /** Whether a step is in flight, or the scheduler has something to do. */
  hasWork(): boolean {
    return this.inFlight.length > 0 || this.input.scheduler.hasWork();
  }

  /** When the next round starts: the loop is there and has work, or a request wakes it. */
  nextRoundNs(): number {
    if (this.hasWork()) return this.hostNs;
    const { nextNs } = this.inbox;
    return nextNs <= this.hostNs ? this.hostNs : nextNs + this.input.cost.host.wakeNs;
  }

  /** The next round; a run of decodes at once ends before the limits. */
  round(startNs: number, limitNs = startNs, quietNs = limitNs): void {
    const comesNs = this.frontEnd?.nextRequestNs ?? this.inbox.nextNs;
    this.outputLimitNs = Math.min(limitNs, comesNs);
    if (this.inbox.nextNs > startNs && this.takeDecodes(startNs, this.outputLimitNs, Math.min(quietNs, comesNs)))
      return;
    this.waitedNs = 0;
    const step = this.pass(startNs);
    if (step !== undefined && step.scheduledTokens > 0) this.launch(step);
    this.afterPass(step?.scheduledTokens ?? 0);
    this.hostBusyNs += this.hostNs - startNs - this.waitedNs;
  }

  /** A run of decodes at once; false where there is none. */
  private takeDecodes(startNs: number, limitNs: number, quietNs: number): boolean {
    const { decodeJumps, decodeRounds } = this;
    let rounds = 0;
    if (decodeJumps !== undefined) {
      const jump = decodeJumps.from(startNs, limitNs, quietNs);
      if (jump === undefined) return false;
      decodeJumps.take(jump);
      ({ rounds } = jump);
    } else if (decodeRounds !== undefined && limitNs === quietNs) {
      rounds = decodeRounds.take(!this.input.stopsAtEnds);
    }
    if (rounds === 0) return false;
    this.countStops(this.input.scheduler.runningRequests, rounds);
    this.progress.made();
    return true;
  }

  /** Takes requests in and schedules, where there is something to do. */
  protected pass(startNs: number): EngineStep | undefined {
    this.hostNs = startNs;
    this.takeRequests(startNs);
    this.takeAborts(startNs);
    this.input.rank?.counted(this.hostNs, "before");
    return this.input.scheduler.hasWork() ? this.scheduleStep() : undefined;
  }

  protected afterPass(scheduledTokens: number): void {
    const { scheduler, cost, rank } = this.input;
    const { host } = cost;
    const isFilling = this.inFlight.length < scheduler.depth && (scheduledTokens > 0 || scheduler.hasWork());
    if (!isFilling) this.updateOldest();
    // Also after the last request ended, whose end the worker has yet to hear of.
    if (scheduledTokens === 0 && scheduler.hasWork()) {
      this.hostNs += host.emptyStepSleepNs;
      this.waitedNs += host.emptyStepSleepNs;
    }
    rank?.counted(this.hostNs, "after");
  }

  /** Takes the results of the oldest step in flight, if there is one. */
  private updateOldest(): void {
    const { scheduler, cost } = this.input;
    const { oldest: step, oldestEndNs } = this.inFlight;
    if (step === undefined) return;
    this.inFlight.shift();
    const readyNs = step.scheduledTokens === 0 ? oldestEndNs : oldestEndNs + cost.host.copyNs;
    const complete = scheduler.update(step);
    this.waitedNs += Math.max(0, readyNs - this.hostNs);
    const takenNs = Math.max(readyNs, this.hostNs);
    const updatedNs = takenNs + cost.host.updateNs(step.scheduledRequests, takenNs);
    this.hostNs = updatedNs + cost.host.sendNs;
    this.sendOutput(step, complete, updatedNs);
  }

  private takeRequests(startNs: number): void {
    const { scheduler, cost, log } = this.input;
    const { inbox } = this;
    while (inbox.nextNs <= startNs) {
      const arrivalNs = inbox.nextArrivalNs;
      const index = inbox.shift();
      if (inbox.wasGivenUp(index)) continue;
      this.hostNs += cost.host.takeRequestNs;
      scheduler.add(index, arrivalNs);
      log.serverTimes?.taken(index, this.hostNs);
      this.input.observer?.taken(index, this.hostNs);
    }
  }

  private takeAborts(startNs: number): void {
    const { inbox } = this;
    for (let index = inbox.takeGivenUp(startNs); index !== undefined; index = inbox.takeGivenUp(startNs)) {
      // Not here: still on its way to the engine, or complete.
      if (!this.input.scheduler.abort!(index)) inbox.givenUpEarly(index);
    }
  }

  private scheduleStep(): EngineStep {
    const { scheduler, cost } = this.input;
    const startNs = this.hostNs;
    const step = scheduler.schedule();
    this.noteChanges(step, startNs);
    this.progress.check(step, this.hostNs);
    this.countStops(step.scheduledTokens, 1);
    this.hostNs = startNs + cost.host.scheduleNs(step, startNs);
    this.passStartNs = startNs;
    this.steps++;
    if (step.scheduledTokens === 0) {
      this.inFlight.push(step, this.hostNs);
      this.observe(step, startNs, 0);
    }
    return step;
  }

  /** Who joined and left the running list in a pass at `startNs`. */
  private noteChanges(step: EngineStep, startNs: number): void {
    const { log, stopsAtPreemption = false } = this.input;
    const { admitted, cachedTokens, preempted } = step;
    for (let i = 0; i < admitted.length; i++) log.admitted(admitted[i]!, cachedTokens[i]!, startNs);
    for (const index of preempted) log.preemptions[index]!++;
    if (preempted.length > 0 && stopsAtPreemption) throw new PreemptionError(`preemption in step ${step.id}`);
    this.preemptions += preempted.length;
  }

  /** The step that was just scheduled goes to the GPU. */
  private launch(step: EngineStep): void {
    const { cost } = this.input;
    const { host } = cost;
    const scheduledNs = this.hostNs;
    const launchNs = host.launchNs(step, scheduledNs);
    const launchedNs = scheduledNs + launchNs;
    const gpuNs = cost.gpuNs(step);
    this.gpuEndNs = endOnGpu(this.gpuEndNs, { step, scheduledNs, launchNs, gpuNs }, host);
    this.busyNs += gpuNs;
    this.hostNs = launchedNs;
    this.inFlight.push(step, this.gpuEndNs);
    this.observe(step, this.passStartNs, gpuNs);
  }

  protected observe(step: EngineStep, startNs: number, gpuNs: number): void {
    const { observer, scheduler, limits } = this.input;
    if (observer === undefined) return;
    const assignments = step.scheduledTokens === 0 ? [] : scheduler.assignments!(step);
    const stop = limits === undefined ? "none" : stopOf(scheduler, limits, step.scheduledTokens);
    const { runningRequests: running, waitingRequests: waiting, freeBlocks } = scheduler;
    const blocksOf = scheduler.blocksOf?.bind(scheduler);
    const after = { running, waiting, freeBlocks, blocksOf };
    observer.scheduled({ startNs, step, assignments, gpuNs, gpuEndNs: this.gpuEndNs, stop, ...after });
  }

  private sendOutput(step: EngineStep, complete: readonly number[], updatedNs: number): void {
    const { observer, rank, scheduler } = this.input;
    observer?.sent(step, this.hostNs);
    if (step.samplingRequests === 0) {
      scheduler.done?.(step);
      return;
    }
    const { frontEnd } = this;
    if (frontEnd === undefined && rank?.sent === undefined) {
      this.deliver(step, complete, this.hostNs);
      return;
    }
    const output = this.outputs.ofStep(step, complete, updatedNs);
    if (rank?.sent !== undefined) rank.sent(output, this.hostNs);
    else frontEnd!.send(output, this.hostNs);
  }

  private deliver(step: EngineStep, complete: readonly number[], atNs: number): void {
    const { scheduler, log, stopsAtEnds } = this.input;
    scheduler.deliver(step, atNs, this);
    this.deliveredNs = atNs;
    for (const index of complete) {
      if (log.abortions.has(index)) continue;
      log.completed(index);
      if (stopsAtEnds) this.ended.push(index, log.lastTokenNs[index]! - this.deliveryNs);
    }
    scheduler.done?.(step);
  }

  private countStops(scheduledTokens: number, passes: number): void {
    const { limits, scheduler } = this.input;
    if (limits !== undefined) countStop(this.admissionStops, scheduler, limits, scheduledTokens, passes);
  }
}
