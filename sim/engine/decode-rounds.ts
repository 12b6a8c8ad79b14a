/**
 * Rounds of an engine that only decode the same requests, where times are drawn. They have no closed form, but nothing comes
 * between them either: they are taken one after the other here, draw by draw as the loop would. A front end that has nothing
 * but their outputs tells of an output as soon as its job begins, since nothing can change when it ends.
 */
import type { DecodeLaw, DecodeTimes } from "../cost/index.js";
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
  private readonly isSynchronous: boolean;
  private readonly copyNs: number;
  private readonly sendNs: number;
  /** Of the run being taken: its requests and their times. */
  private requests = 0;
  private times: DecodeTimes;
  /** The front end: when it is free, what it did, and outputs that wait for it, by when they were sent. */
  private freeNs = 0;
  private frontEndNs = 0;
  private sentNs = new Float64Array(16);
  private waiting = 0;
  /** When an output was reported last, and how many were. */
  private deliveredNs = 0;
  private told = 0;

  /** Of an engine whose cost draws times of decodes. */
  constructor(
    private readonly parts: EngineParts,
    private readonly exits: OutputExits,
  ) {
    const { scheduler, cost } = parts;
    this.isSynchronous = scheduler.depth === 1;
    this.copyNs = cost.host.copyNs;
    this.sendNs = cost.host.sendNs;
    this.times = cost.decodeTimes!(0);
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
    this.begin(requests);
    return this.run(startNs, limitNs, most, contextTokens, law);
  }

  private begin(requests: number): void {
    const { cost, frontEnd, clocks } = this.parts;
    frontEnd?.endOutput();
    this.requests = requests;
    this.times = cost.decodeTimes!(requests);
    this.freeNs = frontEnd?.isFreeFromNs() ?? 0;
    this.frontEndNs = this.waiting = this.told = 0;
    this.deliveredNs = clocks.deliveredNs;
  }

  /** The loop's rounds: schedule and launch, then take the results of the oldest step in flight and send them. */
  private run(startNs: number, limitNs: number, most: number, contextTokens: number, law: DecodeLaw): number {
    const { cost, inFlight, clocks } = this.parts;
    const { times, copyNs, sendNs, isSynchronous } = this;
    const { incrementNs } = law;
    let hostNs = startNs;
    let meanNs = law.firstNs;
    let { gpuEndNs } = clocks;
    let { oldestEndNs } = inFlight;
    let [rounds, busyNs, waitedNs] = [0, 0, 0];
    while (rounds < most && hostNs < limitNs) {
      const scheduledNs = hostNs + times.scheduleNs(hostNs);
      const launchNs = times.launchNs(scheduledNs);
      const launchedNs = scheduledNs + launchNs;
      const gpuNs = times.gpuNs(meanNs);
      const beginsNs = Math.max(gpuEndNs, scheduledNs + times.leadNs(launchNs));
      gpuEndNs = Math.max(beginsNs + gpuNs, launchedNs);
      const takenNs = Math.max((isSynchronous ? gpuEndNs : oldestEndNs) + copyNs, launchedNs);
      oldestEndNs = gpuEndNs;
      hostNs = takenNs + times.updateNs(takenNs) + sendNs;
      meanNs += incrementNs;
      busyNs += gpuNs;
      waitedNs += takenNs - launchedNs;
      rounds++;
      this.output(hostNs, limitNs);
    }
    cost.rangeUse?.drawnDecodes(this.requests, contextTokens, rounds, busyNs);
    clocks.steps += rounds;
    clocks.runSteps += rounds;
    clocks.busyNs += busyNs;
    clocks.hostBusyNs += hostNs - startNs - waitedNs;
    clocks.hostNs = hostNs;
    clocks.gpuEndNs = gpuEndNs;
    clocks.deliveredNs = this.deliveredNs;
    if (inFlight.length > 0) inFlight.endsAt(gpuEndNs);
    this.finish(rounds);
    return rounds;
  }

  /** An output is sent. Jobs of the front end that begin before `limitNs` are done. */
  private output(sentNs: number, limitNs: number): void {
    if (this.waiting > 0 && this.freeNs < sentNs && this.freeNs < limitNs) this.serve(this.freeNs);
    if (this.waiting === this.sentNs.length) this.sentNs = doubled(this.sentNs);
    this.sentNs[this.waiting++] = sentNs;
    if (this.parts.frontEnd === undefined) this.tell(sentNs);
    else if (this.freeNs <= sentNs && sentNs < limitNs) this.serve(sentNs);
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

  /** Tells scheduler and front end what the rounds did; what still waits is left to the front end. */
  private finish(rounds: number): void {
    const { scheduler, inFlight, frontEnd, sink } = this.parts;
    scheduler.skip(rounds, inFlight.oldest);
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
