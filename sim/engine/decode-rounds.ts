/**
 * Rounds of an engine that only decode the same requests, where times are drawn. They have no closed form, but nothing comes
 * between them either: they are taken one after the other here, draw by draw as the loop would. A front end that has nothing
 * but their outputs tells of an output as soon as its job begins, since nothing can change when it ends.
 */
import type { DecodeTimes } from "../cost/index.js";
import type { EngineStep } from "../policy/index.js";
import type { EngineParts } from "./decode-jumps.js";

/** What of the outputs is left to the loop. */
export interface OutputExits {
  /** Tells of an output while first chunks are still to be written, so that some tokens come late. */
  tell(step: EngineStep, sentNs: number, atNs: number): void;
  /** An output that still waits for the front end. */
  send(step: EngineStep, tokens: number, sentNs: number): void;
}

export class DecodeRounds {
  private requests = 0;
  private times: DecodeTimes;
  private readonly isSynchronous: boolean;
  private readonly copyNs: number;
  private readonly sendNs: number;
  private hostNs = 0;
  private gpuEndNs = 0;
  /** When the GPU ends the step whose results are taken next; in synchronous rounds it is the round's own. */
  private oldestEndNs = 0;
  /** GPU time of the next step at its mean. */
  private meanNs = 0;
  private rounds = 0;
  private busyNs = 0;
  private waitedNs = 0;
  /** The front end: when it is free, what it did, and outputs that wait for it, by when they were sent. */
  private freeNs = 0;
  private frontEndNs = 0;
  private sentNs = new Float64Array(16);
  private waiting = 0;
  private deliveredNs = 0;
  private told = 0;

  /** Of an engine whose cost draws times of decodes. */
  constructor(
    private readonly parts: EngineParts,
    private readonly exits: OutputExits,
  ) {
    const { scheduler, cost } = parts;
    this.times = cost.decodeTimes!(0);
    this.isSynchronous = scheduler.depth === 1;
    this.copyNs = cost.host.copyNs;
    this.sendNs = cost.host.sendNs;
  }

  /**
   * Takes what rounds there are from `startNs` on that begin before `limitNs`, no request waiting to be taken; says how many.
   * `mayTellEnds`: no client sends anything because an answer is complete.
   */
  take(startNs: number, limitNs: number, mayTellEnds: boolean): number {
    const { scheduler, cost, inFlight, frontEnd } = this.parts;
    if (inFlight.length !== scheduler.depth - 1) return 0;
    if (frontEnd !== undefined) {
      if (!frontEnd.hasOnlyServedOutputs() || (frontEnd.servedComplete() && !mayTellEnds)) return 0;
    }
    const possible = scheduler.decodeRun();
    if (possible === 0) return 0;
    const requests = scheduler.runningRequests;
    const { contextTokens } = scheduler;
    const law = cost.decodeLaw(requests, contextTokens);
    let most = Math.min(possible, law.steps);
    if (cost.rangeUse !== undefined) most = cost.rangeUse.decodesOnOneSide(requests, contextTokens, most);
    this.begin(startNs, requests, law.firstNs);
    while (this.rounds < most && this.hostNs < limitNs) {
      this.round();
      this.meanNs += law.incrementNs;
      this.output(limitNs);
    }
    cost.rangeUse?.drawnDecodes(requests, contextTokens, this.rounds, this.busyNs);
    this.finish(startNs);
    return this.rounds;
  }

  private begin(startNs: number, requests: number, meanNs: number): void {
    const { cost, inFlight, frontEnd, clocks } = this.parts;
    frontEnd?.endOutput();
    this.requests = requests;
    this.times = cost.decodeTimes!(requests);
    this.hostNs = startNs;
    this.gpuEndNs = clocks.gpuEndNs;
    this.oldestEndNs = inFlight.oldestEndNs;
    this.meanNs = meanNs;
    this.rounds = this.busyNs = this.waitedNs = this.frontEndNs = this.waiting = this.told = 0;
    this.freeNs = frontEnd?.isFreeFromNs() ?? 0;
    this.deliveredNs = clocks.deliveredNs;
  }

  /** As the loop's: schedule and launch, then take the results of the oldest step in flight. */
  private round(): void {
    const { times, hostNs } = this;
    const scheduledNs = hostNs + times.scheduleNs(hostNs);
    const launchNs = times.launchNs(scheduledNs);
    const launchedNs = scheduledNs + launchNs;
    const gpuNs = times.gpuNs(this.meanNs);
    const beginsNs = Math.max(this.gpuEndNs, scheduledNs + times.leadNs(launchNs));
    const gpuEndNs = Math.max(beginsNs + gpuNs, launchedNs);
    const takenNs = Math.max((this.isSynchronous ? gpuEndNs : this.oldestEndNs) + this.copyNs, launchedNs);
    this.hostNs = takenNs + times.updateNs(takenNs) + this.sendNs;
    this.gpuEndNs = gpuEndNs;
    this.oldestEndNs = gpuEndNs;
    this.busyNs += gpuNs;
    this.waitedNs += takenNs - launchedNs;
    this.rounds++;
  }

  /** An output is sent at `hostNs`. Jobs of the front end that begin before `limitNs` are done. */
  private output(limitNs: number): void {
    const { hostNs } = this;
    if (this.waiting > 0 && this.freeNs < hostNs && this.freeNs < limitNs) this.serve(this.freeNs);
    if (this.waiting === this.sentNs.length) this.sentNs = doubled(this.sentNs);
    this.sentNs[this.waiting++] = hostNs;
    if (this.parts.frontEnd === undefined) this.tell(hostNs);
    else if (this.freeNs <= hostNs && hostNs < limitNs) this.serve(hostNs);
  }

  /** A job of all outputs that wait. */
  private serve(atNs: number): void {
    const ns = this.times.outputNs(this.waiting, atNs);
    this.frontEndNs += ns;
    this.freeNs = atNs + ns;
    this.tell(this.freeNs - this.times.restNs);
  }

  private tell(atNs: number): void {
    const { log, clocks, scheduler } = this.parts;
    for (let output = 0; output < this.waiting; output++) {
      if (this.deliveredNs < clocks.firstsOutNs)
        this.exits.tell(scheduler.passOfRun(false), this.sentNs[output]!, atNs);
      else log.steadyTokens(this.requests, atNs - this.deliveredNs);
      this.deliveredNs = atNs;
    }
    this.told += this.waiting;
    this.waiting = 0;
  }

  /** Puts the engine where the rounds have led. */
  private finish(startNs: number): void {
    const { scheduler, inFlight, frontEnd, clocks, sink } = this.parts;
    const { rounds } = this;
    scheduler.skip(rounds, inFlight.oldest);
    clocks.steps += rounds;
    clocks.runSteps += rounds;
    clocks.busyNs += this.busyNs;
    clocks.hostBusyNs += this.hostNs - startNs - this.waitedNs;
    clocks.hostNs = this.hostNs;
    clocks.gpuEndNs = this.gpuEndNs;
    clocks.deliveredNs = this.deliveredNs;
    if (inFlight.length > 0) inFlight.endsAt(this.gpuEndNs);
    frontEnd?.skipTo(this.freeNs, this.frontEndNs);
    if (this.told > 0) scheduler.deliverRun(this.deliveredNs, sink);
    for (let output = 0; output < this.waiting; output++) {
      this.exits.send(scheduler.passOfRun(output === this.waiting - 1), this.requests, this.sentNs[output]!);
    }
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(2 * values.length);
  grown.set(values);
  return grown;
}
