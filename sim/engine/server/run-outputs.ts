/**
 * The outputs of a run of rounds that decode the same requests, at a front end that has nothing else. It reports an
 * output as soon as its job begins, since nothing can change when the job ends.
 */
import type { DecodeTimes } from "../../cost/index.js";
import type { EngineStep } from "../../policy/index.js";
import type { EngineParts } from "./decode-jumps.js";

/** What is left to the loop. */
export interface OutputExits {
  /** Reports an output while first chunks are still to be written, so that some tokens come late. */
  tell(step: EngineStep, sentNs: number, atNs: number): void;
  /** An output that still waits for the front end. */
  send(step: EngineStep, tokens: number, sentNs: number): void;
}

export class RunOutputs {
  /** Outputs by when they were sent: those that wait, then room for those of a stretch of rounds. */
  private sentNs: Float64Array;
  private waiting = 0;
  /** Of the run being taken: its requests and their times. */
  private requests = 0;
  private times: DecodeTimes;
  private limitNs = 0;
  /** The front end: from when on it is free, and what it did. */
  freeNs = 0;
  busyNs = 0;
  /** When an output was reported last, and how many were. */
  deliveredNs = 0;
  told = 0;

  constructor(
    private readonly parts: EngineParts,
    private readonly exits: OutputExits,
    private readonly stretch: number,
  ) {
    this.sentNs = new Float64Array(2 * stretch);
    this.times = parts.cost.decodeTimes!(0);
  }

  /** A run of outputs of these requests; jobs that begin before `limitNs` are done. */
  begin(requests: number, times: DecodeTimes, limitNs: number): void {
    this.limitNs = limitNs;
    const { frontEnd, clocks } = this.parts;
    frontEnd?.endOutput();
    this.requests = requests;
    this.times = times;
    this.freeNs = frontEnd?.isFreeFromNs() ?? 0;
    this.busyNs = this.waiting = this.told = 0;
    this.deliveredNs = clocks.deliveredNs;
  }

  /** Room for the times at which the outputs of a stretch are sent. */
  room(): Float64Array {
    const { waiting, stretch } = this;
    if (waiting + stretch > this.sentNs.length) {
      const grown = new Float64Array(2 * this.sentNs.length);
      grown.set(this.sentNs);
      this.sentNs = grown;
    }
    return waiting === 0 ? this.sentNs : this.sentNs.subarray(waiting);
  }

  /** So many more outputs were sent, at the times put into the room. */
  sent(outputs: number): void {
    const { sentNs, limitNs } = this;
    const waits = this.parts.frontEnd !== undefined;
    const until = this.waiting + outputs;
    let first = 0;
    for (let at = this.waiting; at < until; at++) {
      const atNs = sentNs[at]!;
      // All that wait are one job; what comes as it begins is of it, too.
      if (first < at && this.freeNs < atNs && this.freeNs < limitNs) {
        this.serve(first, at, this.freeNs);
        first = at;
      }
      if (waits && (this.freeNs > atNs || atNs >= limitNs)) continue;
      this.serve(first, at + 1, atNs);
      first = at + 1;
    }
    this.waiting = until - first;
    if (first > 0 && this.waiting > 0) sentNs.copyWithin(0, first, until);
  }

  /** Reports to scheduler and front end; what still waits is left to the front end. */
  end(): void {
    const { scheduler, frontEnd, clocks, sink } = this.parts;
    clocks.deliveredNs = this.deliveredNs;
    frontEnd?.skipTo(this.freeNs, this.busyNs);
    if (this.told > 0) scheduler.deliverRun(this.deliveredNs, sink);
    for (let output = 0; output < this.waiting; output++) {
      this.exits.send(scheduler.passOfRun(output === this.waiting - 1), this.requests, this.sentNs[output]!);
    }
  }

  /**
   * A job of the outputs from `first` to before `until`, begun at `atNs`; without a front end they are at the client at
   * once.
   */
  private serve(first: number, until: number, atNs: number): void {
    const { log, clocks, frontEnd } = this.parts;
    let toldNs = atNs;
    if (frontEnd !== undefined) {
      const ns = this.times.outputNs(until - first, atNs);
      this.busyNs += ns;
      this.freeNs = atNs + ns;
      toldNs = this.freeNs - this.times.restNs;
    }
    for (let output = first; output < until; output++) {
      if (this.deliveredNs < clocks.firstsOutNs) this.tellLate(this.sentNs[output]!, toldNs);
      else log.steadyTokens(this.requests, toldNs - this.deliveredNs);
      this.deliveredNs = toldNs;
    }
    this.told += until - first;
  }

  private tellLate(sentNs: number, atNs: number): void {
    this.exits.tell(this.parts.scheduler.passOfRun(false), sentNs, atNs);
  }
}
