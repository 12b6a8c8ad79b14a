/**
 * Rounds of an engine that only decode the same requests, where times are drawn. They have no closed form, but nothing
 * comes between them either: they are taken here draw by draw as the loop would. No round waits for the front end, and
 * each kind of time has a stream of its own, so a stretch of rounds is done first and their outputs after it
 * (run-outputs.ts).
 */
import type { DecodeTimes } from "../../cost/index.js";
import type { EngineParts } from "./decode-jumps.js";
import { RunOutputs, type OutputExits } from "./run-outputs.js";

/** Rounds before their outputs: few, so that the two stay near each other in time and in the processor's cache. */
const STRETCH = 64;

export class DecodeRounds {
  private readonly isSynchronous: boolean;
  private readonly copyNs: number;
  private readonly sendNs: number;
  private readonly outputs: RunOutputs;
  /** Of the run being taken. */
  private requests = 0;
  private times: DecodeTimes;
  private meanNs = 0;
  private incrementNs = 0;
  private limitNs = 0;
  private hostNs = 0;
  private gpuEndNs = 0;
  private oldestEndNs = 0;
  private busyNs = 0;
  private waitedNs = 0;

  /** Of an engine whose cost draws times of decodes. */
  constructor(
    private readonly parts: EngineParts,
    exits: OutputExits,
  ) {
    const { scheduler, cost } = parts;
    this.isSynchronous = scheduler.depth === 1;
    this.copyNs = cost.host.copyNs;
    this.sendNs = cost.host.sendNs;
    this.outputs = new RunOutputs(parts, exits, STRETCH);
    this.times = cost.decodeTimes!(0);
  }

  /**
   * Takes the rounds from now on that begin before the engine's limit, while no request waits to be taken; returns how
   * many. `mayTellEnds`: no client sends anything because an answer is complete. Times are in fields: V8 would put those
   * that are passed into objects.
   */
  take(mayTellEnds: boolean): number {
    const { scheduler, cost, inFlight, frontEnd } = this.parts;
    if (inFlight.length !== scheduler.depth - 1) return 0;
    if (frontEnd !== undefined) {
      if (!frontEnd.hasOnlyServedOutputs() || (frontEnd.servedComplete() && !mayTellEnds)) return 0;
    }
    const possible = scheduler.decodeRun();
    if (possible === 0) return 0;
    const requests = scheduler.runningRequests;
    const { contextTokens } = scheduler;
    let most = Math.min(possible, this.beginLaw(requests, contextTokens));
    if (cost.rangeUse !== undefined) most = cost.rangeUse.decodesOnOneSide(requests, contextTokens, most);
    this.begin(requests);
    const rounds = this.run(most);
    cost.rangeUse?.drawnDecodes(requests, contextTokens, rounds, this.busyNs);
    this.end(rounds);
    return rounds;
  }

  /** What the GPU's times are about; returns for how many rounds. */
  private beginLaw(requests: number, contextTokens: number): number {
    const { cost } = this.parts;
    this.times = cost.decodeTimes!(requests);
    this.meanNs = this.times.meanGpuNs(contextTokens);
    if (this.meanNs > 1) {
      this.incrementNs = this.times.incrementNs;
      return Infinity;
    }
    const law = cost.decodeLaw(requests, contextTokens);
    this.meanNs = law.firstNs;
    this.incrementNs = law.incrementNs;
    return law.steps;
  }

  private begin(requests: number): void {
    const { inFlight, clocks } = this.parts;
    this.requests = requests;
    this.limitNs = clocks.outputLimitNs;
    this.hostNs = clocks.hostNs;
    this.gpuEndNs = clocks.gpuEndNs;
    this.oldestEndNs = inFlight.oldestEndNs;
    this.busyNs = this.waitedNs = 0;
    this.outputs.begin(requests, this.times, this.limitNs);
  }

  /** At most `most` rounds that begin before the limit; returns how many. */
  private run(most: number): number {
    const { outputs } = this;
    let rounds = 0;
    while (rounds < most && this.hostNs < this.limitNs) {
      const taken = this.rounds(Math.min(STRETCH, most - rounds), outputs.room());
      outputs.sent(taken);
      rounds += taken;
    }
    return rounds;
  }

  /**
   * The loop's rounds: schedule and launch, then take the results of the oldest step in flight and send them, at
   * `sentNs`.
   */
  private rounds(most: number, sentNs: Float64Array): number {
    const { limitNs, times, copyNs, sendNs, isSynchronous, incrementNs } = this;
    let { hostNs, meanNs, gpuEndNs, oldestEndNs, busyNs, waitedNs } = this;
    let rounds = 0;
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
      sentNs[rounds++] = hostNs;
    }
    this.hostNs = hostNs;
    this.meanNs = meanNs;
    this.gpuEndNs = gpuEndNs;
    this.oldestEndNs = oldestEndNs;
    this.busyNs = busyNs;
    this.waitedNs = waitedNs;
    return rounds;
  }

  /** Reports to engine, scheduler and front end what the rounds did. */
  private end(rounds: number): void {
    const { scheduler, inFlight, clocks } = this.parts;
    clocks.steps += rounds;
    clocks.runSteps += rounds;
    clocks.busyNs += this.busyNs;
    clocks.hostBusyNs += this.hostNs - clocks.hostNs - this.waitedNs;
    clocks.hostNs = this.hostNs;
    clocks.gpuEndNs = this.gpuEndNs;
    if (inFlight.length > 0) inFlight.endsAt(this.gpuEndNs);
    scheduler.skip(rounds, inFlight.oldest);
    this.outputs.end();
  }
}
