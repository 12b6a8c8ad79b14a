/**
 * One vLLM engine on the virtual clock: a scheduler, a host thread that schedules, launches and takes results, a GPU that
 * computes, and the front end before them where the profile has one. Requests enter the engine between steps only.
 * Rounds are taken one by one, or in jumps over runs of decodes whose times have a closed form (decode-run.ts); the two
 * give the same times to the last bit. Source of the loop: vllm/v1/engine/core.py (behaviour); docs/design.md, section 4.
 */
import { ConfigError, InvariantError } from "../../formats/index.js";
import { Fifo } from "../kernel/index.js";
import type { DecodeLaw, StepCostModel } from "../cost/index.js";
import type { EngineLimits, EngineStep, StepScheduler, TokenSink } from "../policy/index.js";
import {
  asynchronousRun,
  gpuEndOfRound,
  roundsStartingBefore,
  startOfRound,
  synchronousRun,
  type DecodeRun,
  type RoundTimes,
} from "./decode-run.js";
import { Ends } from "./ends.js";
import { countStop, noStops, type AdmissionStops } from "./admission-stops.js";
import { FrontEnd, type OutputToSend } from "./front-end.js";
import { ServerTimes } from "./server-times.js";
import type { StepLog } from "./step-log.js";

/** Steps without a token scheduled, or preemptions without a token sampled, after which the loop is called stuck. */
const STUCK_STEPS = 1000;
const STUCK_PREEMPTIONS = 10_000;

export interface EngineLoopInput {
  readonly scheduler: StepScheduler;
  readonly cost: StepCostModel;
  readonly log: StepLog;
  /** Whether runs of decodes are jumped over. */
  readonly jumps: boolean;
  /** Whether advance() stops where a request ends, because its client may answer with another. */
  readonly stopsAtEnds: boolean;
  /** Whether a preemption is a PreemptionError, because the scheduler is right only without one. */
  readonly refusesPreemption?: boolean;
  /** Of the scheduler, to tell what keeps requests waiting; absent: that is not counted. */
  readonly limits?: EngineLimits;
}

/** The scheduler had to preempt a request where that was not to happen. */
export class PreemptionError extends Error {}

/** A request at the engine's input queue. */
interface InboxEntry {
  readonly index: number;
  readonly atNs: number;
  /** When it reached the server. */
  readonly arrivalNs: number;
}

interface InFlight {
  readonly step: EngineStep;
  readonly endNs: number;
}

/** A step's output on its way to the clients, and the requests complete with it. */
interface Output extends OutputToSend {
  readonly step: EngineStep;
  readonly complete: readonly number[];
  /** When the engine had it. */
  readonly updatedNs: number;
}

/** Rounds of a closed form to take at once, and what the GPU does in them. */
interface Jump {
  readonly form: DecodeRun;
  readonly rounds: number;
  readonly requests: number;
  readonly contextTokens: number;
  readonly law: DecodeLaw;
}

export class EngineLoop implements TokenSink {
  /** Requests that are complete, for the caller to take when their time has come; kept only where advance() stops at them. */
  readonly ended = new Ends();
  steps = 0;
  jumpedSteps = 0;
  preemptions = 0;
  /** GPU time of all steps, ns. */
  busyNs = 0;
  /** Time in which the host thread worked: neither waited for the GPU nor for requests, ns. */
  hostBusyNs = 0;
  readonly admissionStops: AdmissionStops = noStops();
  private waitedNs = 0;
  private hostNs = 0;
  private gpuEndNs = 0;
  private readonly inFlight: InFlight[] = [];
  private readonly inbox = new Fifo<InboxEntry>();
  private readonly frontEnd: FrontEnd<Output> | undefined;
  private deliveredNs = 0;
  /** When the engine had the output that is being delivered. */
  private updatedNs = 0;
  /** From the client to the front end, and from there to the client. */
  private readonly acceptNs: number;
  private readonly deliveryNs: number;
  /** How long after the others of its step a request's first token is written. */
  private firstLateNs = 0;
  /** When all first chunks told of are out. */
  private firstsOutNs = 0;
  /** Host times of a round of decodes, by requests. */
  private readonly roundTimes: RoundTimes[] = [];
  private emptySteps = 0;
  private preemptionsSinceToken = 0;

  constructor(private readonly input: EngineLoopInput) {
    const { cost } = input;
    this.acceptNs = cost.frontEnd?.acceptNs ?? 0;
    this.deliveryNs = cost.frontEnd?.deliveryNs ?? 0;
    if (cost.frontEnd !== undefined) {
      input.log.serverTimes ??= new ServerTimes(input.log.rows);
      this.frontEnd = new FrontEnd<Output>(cost.frontEnd, {
        requestReady: (index, arrivalNs, atNs) => {
          this.inbox.push({ index, atNs, arrivalNs });
        },
        delivered: ({ step, complete, updatedNs }, atNs, firstLateNs) => {
          this.firstLateNs = firstLateNs;
          if (step.firstTokens > 0) this.firstsOutNs = Math.max(this.firstsOutNs, atNs + firstLateNs);
          this.updatedNs = updatedNs;
          this.deliver(step, complete, atNs);
        },
      });
    }
  }

  /** Time in which the front end worked, ns. */
  get frontEndBusyNs(): number {
    return this.frontEnd?.busyNs ?? 0;
  }

  /** A request that the scheduler does not refuse reaches the server; times do not go back. */
  arrive(index: number, atNs: number): void {
    if (this.frontEnd === undefined) this.inbox.push({ index, atNs, arrivalNs: atNs });
    else this.frontEnd.arrive(index, this.input.log.promptTokens[index]!, atNs + this.acceptNs);
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
    if (this.frontEnd !== undefined || !this.input.jumps) return nextNs;
    const run = this.runFrom(this.nextRoundNs(), Infinity, Infinity);
    return run === undefined ? nextNs : startOfRound(run.form, run.rounds + 1);
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
        const paused = this.frontEnd.runUntil(Math.min(roundNs, Math.min(frontEndNs, ended.nextNs) - 1));
        if (paused || this.nextRoundNs() < roundNs) continue;
      }
      const endNs = ended.nextNs;
      if (roundNs >= limitNs || roundNs >= endNs) return;
      this.round(roundNs, Math.min(limitNs, endNs), Math.min(quietNs, endNs));
    }
  }

  token(index: number, atNs: number): boolean {
    const { log } = this.input;
    log.serverTimes?.token(index, this.updatedNs);
    return log.token(index, atNs + this.deliveryNs, this.firstLateNs);
  }

  steadyTokens(requests: number, atNs: number): void {
    this.input.log.steadyTokens(requests, atNs - this.deliveredNs);
  }

  lastTokenWas(index: number, atNs: number): void {
    const { log } = this.input;
    log.lastTokenWas(index, atNs + this.deliveryNs);
    log.serverTimes?.token(index, this.updatedNs);
  }

  /** When the next round starts: the loop is there and has work, or a request wakes it. */
  private nextRoundNs(): number {
    if (this.inFlight.length > 0 || this.input.scheduler.hasWork()) return this.hostNs;
    const first = this.inbox.peek();
    if (first === undefined) return Infinity;
    return first.atNs <= this.hostNs ? this.hostNs : first.atNs + this.input.cost.host.wakeNs;
  }

  private round(startNs: number, limitNs: number, quietNs: number): void {
    const run = this.input.jumps ? this.runFrom(startNs, limitNs, quietNs) : undefined;
    if (run !== undefined) {
      this.jump(run);
      return;
    }
    this.waitedNs = 0;
    this.oneRound(startNs);
    this.hostBusyNs += this.hostNs - startNs - this.waitedNs;
  }

  private oneRound(startNs: number): void {
    const { scheduler, cost } = this.input;
    const { host } = cost;
    this.hostNs = startNs;
    this.takeRequests(startNs);
    const scheduledTokens = scheduler.hasWork() ? this.scheduleStep().scheduledTokens : 0;
    const isFilling = this.inFlight.length < scheduler.depth && (scheduledTokens > 0 || scheduler.hasWork());
    if (!isFilling) this.updateOldest();
    // Also after the last request ended, whose end the worker is still to be told of.
    if (scheduledTokens === 0 && scheduler.hasWork()) {
      this.hostNs += host.emptyStepSleepNs;
      this.waitedNs += host.emptyStepSleepNs;
    }
  }

  /** Takes the results of the oldest step in flight, if there is one. */
  private updateOldest(): void {
    const { scheduler, cost } = this.input;
    const oldest = this.inFlight.shift();
    if (oldest === undefined) return;
    const { step } = oldest;
    const readyNs = step.scheduledTokens === 0 ? oldest.endNs : oldest.endNs + cost.host.copyNs;
    const complete = scheduler.update(step);
    this.waitedNs += Math.max(0, readyNs - this.hostNs);
    const takenNs = Math.max(readyNs, this.hostNs);
    const updatedNs = takenNs + cost.host.updateNs(step.scheduledRequests, takenNs);
    this.hostNs = updatedNs + cost.host.sendNs;
    this.sendOutput(step, complete, updatedNs);
  }

  private takeRequests(startNs: number): void {
    const { scheduler, cost, log } = this.input;
    for (let next = this.inbox.peek(); next !== undefined && next.atNs <= startNs; next = this.inbox.peek()) {
      const { index, arrivalNs } = next;
      this.inbox.shift();
      this.hostNs += cost.host.takeRequestNs;
      scheduler.add(index, arrivalNs);
      log.serverTimes?.taken(index, this.hostNs);
    }
  }

  private scheduleStep(): EngineStep {
    const { scheduler, log, cost, refusesPreemption = false } = this.input;
    const { host } = cost;
    const startNs = this.hostNs;
    const step = scheduler.schedule();
    const { admitted, preempted } = step;
    for (let i = 0; i < admitted.length; i++) log.admitted(admitted[i]!, step.cachedTokens[i]!, startNs);
    for (const index of preempted) log.preemptions[index]!++;
    if (preempted.length > 0 && refusesPreemption) throw new PreemptionError(`preemption in step ${step.id}`);
    this.preemptions += preempted.length;
    this.checkProgress(step);
    this.countStops(step.scheduledTokens, 1);
    const scheduledNs = startNs + host.scheduleNs(step, startNs);
    this.steps++;
    if (step.scheduledTokens === 0) {
      this.hostNs = scheduledNs;
      this.inFlight.push({ step, endNs: scheduledNs });
      return step;
    }
    const launchNs = host.launchNs(step, scheduledNs);
    const launchedNs = scheduledNs + launchNs;
    const gpuNs = cost.gpuNs(step);
    this.gpuEndNs =
      this.gpuEndNs <= scheduledNs + host.leadNs(step, launchNs)
        ? scheduledNs + host.idleSpanNs(step, launchNs, gpuNs)
        : Math.max(this.gpuEndNs + gpuNs, launchedNs);
    this.busyNs += gpuNs;
    this.hostNs = launchedNs;
    this.inFlight.push({ step, endNs: this.gpuEndNs });
    return step;
  }

  private sendOutput(step: EngineStep, complete: readonly number[], updatedNs: number): void {
    if (step.samplingRequests === 0) return;
    if (this.frontEnd === undefined) {
      this.deliver(step, complete, this.hostNs);
      return;
    }
    const { samplingRequests: tokens, firstTokens } = step;
    const completes = complete.length > 0;
    this.frontEnd.send({ step, complete, updatedNs, tokens, firstTokens, completes }, this.hostNs);
  }

  private deliver(step: EngineStep, complete: readonly number[], atNs: number): void {
    const { scheduler, log, stopsAtEnds } = this.input;
    scheduler.deliver(step, atNs, this);
    this.deliveredNs = atNs;
    for (const index of complete) {
      log.completed(index);
      if (stopsAtEnds) this.ended.push(index, log.lastTokenNs[index]! - this.deliveryNs);
    }
  }

  /** The jump that can start with the round at `startNs`: at least two rounds, all starting before `limitNs`. */
  private runFrom(startNs: number, limitNs: number, quietNs: number): Jump | undefined {
    const { scheduler, cost } = this.input;
    const { inFlight, frontEnd } = this;
    if (this.inbox.length > 0 || inFlight.length !== scheduler.depth - 1) return undefined;
    const possible = scheduler.decodeRun();
    if (possible < 2) return undefined;
    const requests = scheduler.runningRequests;
    const { contextTokens } = scheduler;
    const law = cost.decodeLaw(requests, contextTokens);
    const times = (this.roundTimes[requests] ??= roundTimes(cost, requests));
    const form =
      scheduler.depth === 1
        ? synchronousRun(startNs, times, law)
        : asynchronousRun(startNs, inFlight[0]!.endNs, times, law);
    if (form === undefined) return undefined;
    let rounds = Math.min(possible, form.rounds);
    if (frontEnd === undefined) {
      rounds = roundsStartingBefore(form, limitNs, rounds);
    } else {
      // While first chunks are still to be written, gaps differ from request to request.
      if (this.firstsOutNs > this.deliveredNs) return undefined;
      // An output is sent as the next round starts; it must be there before a request can be.
      if (form.secondNs > quietNs || !frontEnd.isFreeBy(form.secondNs)) return undefined;
      if (frontEnd.decodesNs(requests).ns > form.periodNs) return undefined;
      rounds = Math.max(1, roundsStartingBefore(form, quietNs + 1, rounds + 1) - 1);
    }
    return rounds < 2 ? undefined : { form, rounds, requests, contextTokens, law };
  }

  private jump({ form, rounds, requests, contextTokens, law }: Jump): void {
    const { scheduler, cost, log } = this.input;
    const { frontEnd } = this;
    frontEnd?.endOutput();
    const output = frontEnd === undefined ? { ns: 0, restNs: 0 } : frontEnd.decodesNs(requests);
    const outputNs = output.ns - output.restNs;
    const latest = this.inFlight[0]?.step;
    scheduler.skip(rounds, latest);
    cost.rangeUse?.decodes(requests, contextTokens, rounds, law);
    this.countStops(requests, rounds);
    const { scheduleNs, launchNs, updateNs } = this.roundTimes[requests]!;
    this.hostBusyNs += rounds * (scheduleNs + launchNs + updateNs);
    this.steps += rounds;
    this.jumpedSteps += rounds;
    this.emptySteps = 0;
    this.preemptionsSinceToken = 0;
    this.busyNs += rounds * law.firstNs + (law.incrementNs * rounds * (rounds - 1)) / 2;
    const firstGapNs = form.secondNs + outputNs - this.deliveredNs;
    if (firstGapNs === form.periodNs - form.growthNs) {
      log.steadyRun(requests, firstGapNs, form.growthNs, rounds);
    } else {
      log.steadyTokens(requests, firstGapNs);
      log.steadyRun(requests, form.periodNs, form.growthNs, rounds - 1);
    }
    this.hostNs = startOfRound(form, rounds + 1);
    this.gpuEndNs = gpuEndOfRound(form, rounds);
    if (latest !== undefined) this.inFlight[0] = { step: latest, endNs: this.gpuEndNs };
    this.deliveredNs = this.hostNs + outputNs;
    frontEnd?.skipTo(this.hostNs + output.ns, rounds * output.ns);
    scheduler.deliverRun(this.deliveredNs, this);
  }

  private countStops(scheduledTokens: number, passes: number): void {
    const { limits, scheduler } = this.input;
    if (limits !== undefined) countStop(this.admissionStops, scheduler, limits, scheduledTokens, passes);
  }

  /** A scheduler may be stuck by its settings: requests of equal rank that preempt each other for ever. */
  private checkProgress(step: EngineStep): void {
    const { scheduler } = this.input;
    const isIdle = step.scheduledTokens === 0 && scheduler.hasUnfinished();
    this.emptySteps = isIdle ? this.emptySteps + 1 : 0;
    this.preemptionsSinceToken = step.samplingRequests > 0 ? 0 : this.preemptionsSinceToken + step.preempted.length;
    const state = (): string =>
      `at ${this.hostNs / 1e6} ms: ${scheduler.runningRequests} requests running, ${scheduler.waitingRequests} waiting, ` +
      `${scheduler.freeBlocks} KV blocks free`;
    if (this.emptySteps >= STUCK_STEPS) {
      throw new InvariantError(`nothing was scheduled in ${STUCK_STEPS} steps, ${state()}`);
    }
    if (this.preemptionsSinceToken >= STUCK_PREEMPTIONS) {
      throw new ConfigError(
        `livelock: ${STUCK_PREEMPTIONS} preemptions without an output token, ${state()}; running requests take each ` +
          "other's blocks, give more num_gpu_blocks, or let scheduler_reserve_full_isl on",
      );
    }
  }
}

function roundTimes({ host }: StepCostModel, requests: number): RoundTimes {
  const step = {
    scheduledRequests: requests,
    scheduledTokens: requests,
    decodeRequests: requests,
    decodeContextTokens: 0,
    prefillRequests: 0,
    prefillTokens: 0,
    prefillContextTokens: 0,
    prefillAttentionPairs: 0,
  };
  const launchNs = host.launchNs(step, 0);
  return {
    scheduleNs: host.scheduleNs(step, 0),
    launchNs,
    leadNs: host.leadNs(step, launchNs),
    copyNs: host.copyNs,
    updateNs: host.updateNs(requests, 0) + host.sendNs,
  };
}
