/**
 * The loop of engine-loop.ts where all times of its host are drawn at one pace, and nobody watches: the same rounds to the
 * last bit, for less. A step that only decodes asks for no cost by its shape, and an output that finds the front end free is
 * told of at once, since nothing can change its job.
 */
import type { DecodeTimes, StepCostModel } from "../cost/index.js";
import type { EngineStep } from "../policy/index.js";
import { EngineLoop } from "./engine-loop.js";
import type { EngineLoopInput } from "./engine-loop-input.js";

/** The engine of a replica by itself. */
export function engineLoop(input: EngineLoopInput): EngineLoop {
  return input.jumps && isPaced(input.cost) ? new PacedLoop(input) : new EngineLoop(input);
}

function isPaced(cost: StepCostModel): boolean {
  return cost.decodeTimes?.(1).paced !== undefined;
}

class PacedLoop extends EngineLoop {
  /** By requests. */
  private readonly times: DecodeTimes[] = [];
  private readonly copyNs: number;
  private readonly sendNs: number;
  private readonly mayTellEnds: boolean;

  constructor(input: EngineLoopInput) {
    super(input);
    this.copyNs = input.cost.host.copyNs;
    this.sendNs = input.cost.host.sendNs;
    this.mayTellEnds = !input.stopsAtEnds;
  }

  override advance(limitNs: number, quietNs = limitNs, frontEndNs = limitNs): void {
    if (quietNs !== limitNs || frontEndNs !== limitNs) {
      super.advance(limitNs, quietNs, frontEndNs);
      return;
    }
    const { ended } = this;
    const frontEnd = this.frontEnd!;
    for (;;) {
      const roundNs = this.nextRoundNs();
      const untilNs = Math.min(roundNs, Math.min(limitNs, ended.nextNs) - 1);
      if (frontEnd.nextNs() <= untilNs && (frontEnd.runUntil(untilNs) || this.nextRoundNs() < roundNs)) continue;
      const endNs = Math.min(limitNs, ended.nextNs);
      if (roundNs >= endNs) return;
      this.outputLimitNs = Math.min(endNs, frontEnd.nextRequestNs);
      if (this.inbox.nextNs > roundNs && this.tookRun(this.decodeRounds!.take(this.mayTellEnds))) continue;
      this.waitedNs = 0;
      this.hostNs = roundNs;
      this.pacedRound();
      this.hostBusyNs += this.hostNs - roundNs - this.waitedNs;
    }
  }

  protected override oneRound(startNs: number): void {
    this.hostNs = startNs;
    this.pacedRound();
  }

  /** A round that begins at `hostNs`. */
  private pacedRound(): void {
    const { scheduler } = this.input;
    if (this.inbox.nextNs <= this.hostNs) this.takeRequests(this.hostNs);
    let scheduledTokens = 0;
    if (scheduler.hasWork()) {
      const step = scheduler.schedule();
      ({ scheduledTokens } = step);
      if (step.admitted.length > 0 || step.preempted.length > 0) this.noteChanges(step, this.hostNs);
      if (step.samplingRequests > 0) this.progress.made();
      else this.progress.check(step, this.hostNs);
      this.countStops(scheduledTokens, 1);
      this.steps++;
      if (scheduledTokens > 0 && step.prefillRequests === 0) this.launchDecodes(step);
      else this.launchAny(step);
    }
    this.afterPass(scheduledTokens);
  }

  /** Schedules and launches a step that only decodes. */
  private launchDecodes(step: EngineStep): void {
    const { scheduledRequests: requests, decodeContextTokens: contextTokens } = step;
    const times = this.timesOf(requests);
    const scheduledNs = this.hostNs + times.scheduleNs(this.hostNs);
    const launchNs = times.launchNs(scheduledNs);
    const launchedNs = scheduledNs + launchNs;
    const gpuNs = times.gpuNs(times.meanGpuNs(contextTokens));
    const beginsNs = Math.max(this.gpuEndNs, scheduledNs + times.leadNs(launchNs));
    this.hostNs = launchedNs;
    this.gpuEndNs = Math.max(beginsNs + gpuNs, launchedNs);
    this.busyNs += gpuNs;
    this.input.cost.rangeUse?.drawnDecodes(requests, contextTokens, 1, gpuNs);
    this.inFlight.push(step, this.gpuEndNs);
  }

  private launchAny(step: EngineStep): void {
    this.hostNs += this.input.cost.host.scheduleNs(step, this.hostNs);
    if (step.scheduledTokens > 0) this.launch(step);
    else this.inFlight.push(step, this.hostNs);
  }

  protected override updateOldest(): void {
    const { inFlight, hostNs: launchedNs } = this;
    const { oldest: step, oldestEndNs } = inFlight;
    if (step === undefined) return;
    inFlight.shift();
    const complete = this.input.scheduler.update(step);
    const readyNs = step.scheduledTokens === 0 ? oldestEndNs : oldestEndNs + this.copyNs;
    const takenNs = Math.max(readyNs, launchedNs);
    this.waitedNs += takenNs - launchedNs;
    this.hostNs = takenNs + this.timesOf(step.scheduledRequests).updateNs(takenNs) + this.sendNs;
    if (step.samplingRequests > 0) this.send(step, complete);
    else this.input.scheduler.done?.(step);
  }

  /** A step's output is at the front end at `hostNs`. */
  private send(step: EngineStep, complete: readonly number[]): void {
    const { hostNs, sendNs } = this;
    const frontEnd = this.frontEnd!;
    if (hostNs >= this.outputLimitNs || !frontEnd.isFreeAt(hostNs, this.mayTellEnds)) {
      this.sendOutput(step, complete, hostNs - sendNs);
      return;
    }
    this.updatedNs = hostNs - sendNs;
    const { samplingRequests: tokens, firstTokens } = step;
    if (firstTokens > 0) {
      const toldNs = frontEnd.serve(tokens, firstTokens, hostNs);
      this.firstLateNs = frontEnd.firstLateNs;
      this.firstsOutNs = Math.max(this.firstsOutNs, toldNs + frontEnd.firstLateNs);
      this.deliver(step, complete, toldNs);
    } else {
      const times = this.timesOf(tokens);
      const ns = times.outputNs(1, hostNs);
      frontEnd.skipTo(hostNs + ns, ns);
      this.deliver(step, complete, hostNs + ns - times.restNs);
    }
  }

  private timesOf(requests: number): DecodeTimes {
    return (this.times[requests] ??= this.input.cost.decodeTimes!(requests));
  }
}
