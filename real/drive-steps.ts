/**
 * Drives a scheduler of steps on the real clock: the counterpart of sim/engine/server/engine-loop.ts and drive.ts, with the
 * same schedulers, clients and request log, and hardware in place of the cost model. A step blocks the thread, so nothing
 * lies between two steps but the work of scheduling itself; requests that are due meanwhile enter before the next one is
 * scheduled, as they would if another thread had held them. As many steps are scheduled ahead as the scheduler says.
 */
import { defined, InvariantError } from "../formats/index.js";
import {
  Client,
  StepLog,
  isImpatient,
  tokenByToken,
  tokenCounts,
  withAttempts,
  type EngineStep,
  type RequestClient,
  type StepAssignment,
  type StepScheduler,
} from "../sim/index.js";
import { sendDue, untilDue } from "./pacing.js";
import { StepGiveUps } from "./step-give-ups.js";
import type { DrivenSteps, DriveStepsInput } from "./steps-run.js";
import type { Entry } from "./request-rows.js";
import { putResults, scheduledRow, type StepTimes } from "./step-rows.js";

/** Runs the workload to its end, or until the signal aborts or a step fails: what has ended until then is kept. */
export async function driveSteps(input: DriveStepsInput): Promise<DrivenSteps> {
  return new StepDrive(input).run();
}

/** A step that was scheduled and is to be computed. */
interface InFlight {
  readonly step: EngineStep;
  readonly row: number[];
  readonly work: readonly StepAssignment[];
  /** Requests whose KV cache is not needed any more. */
  readonly released: readonly number[];
}

class StepDrive {
  private readonly client: RequestClient;
  /** Where clients may give up or try again. */
  private readonly giveUps: StepGiveUps | undefined;
  private readonly log: StepLog;
  private readonly scheduler: StepScheduler;
  private readonly originNs: number;
  private readonly kvBlocks: number;
  private readonly sendLagsNs: number[] = [];
  /** Sent since the last step was scheduled. */
  private entering: { readonly index: number; readonly atNs: number }[] = [];
  private readonly entries = new Map<number, Entry>();
  private released: number[] = [];
  /** Given up since the last step was scheduled. */
  private leaving: number[] = [];
  private readonly inFlight: InFlight[] = [];
  /** Requests that have ended and are not yet reported. */
  private readonly endedIndices: number[] = [];
  private nextStep = 0;
  private ended = 0;
  private preemptions = 0;

  constructor(private readonly input: DriveStepsInput) {
    const { workload, schedulers, clock } = input;
    const requests = withAttempts(workload);
    const tokens = tokenCounts(requests);
    this.log = new StepLog(requests, tokens);
    this.giveUps = isImpatient(workload) ? new StepGiveUps(workload, this.log) : undefined;
    this.client = this.giveUps?.client ?? new Client(workload);
    this.scheduler = schedulers.choose({ requests, tokens, isReference: true, saysWork: true }).make();
    if (this.scheduler.assignments === undefined) {
      throw new InvariantError("a real run needs a scheduler that names what each request does");
    }
    this.kvBlocks = this.scheduler.freeBlocks;
    this.originNs = clock.nowNs();
  }

  async run(): Promise<DrivenSteps> {
    const { client, scheduler, inFlight, input } = this;
    for (;;) {
      this.lookAtWatches(this.nowNs());
      this.send();
      if (input.signal?.aborted === true) return this.stopped();
      this.enter();
      const scheduledTokens = scheduler.hasWork() ? this.schedule() : 0;
      if (inFlight.length > 0) {
        // As in engine-loop.ts: another step is scheduled before results are taken, where one more may be in flight.
        if (inFlight.length < scheduler.depth && (scheduledTokens > 0 || scheduler.hasWork())) continue;
        const failure = this.computeOldest();
        if (failure !== undefined) return { ...this.result(failure), hasFailed: true };
      } else if (client.nextDueNs === Infinity) break;
      else await untilDue(this.originNs + client.nextDueNs, input, undefined);
    }
    this.log.checkWhole();
    return this.result();
  }

  private get progress(): string {
    return `after ${this.ended} of ${this.input.workload.requests.length} requests`;
  }

  private nowNs(): number {
    return this.input.clock.nowNs() - this.originNs;
  }

  /** Sends what is due; what became due while a step was computed (from `heldFromNs`) counts as sent then. */
  private send(heldFromNs = Infinity): void {
    const { client, log, scheduler, sendLagsNs } = this;
    sendDue(client, { nowNs: () => this.nowNs(), sendLagsNs, heldFromNs }, ({ index, arrivalNs }, atNs) => {
      log.sent(index, arrivalNs, atNs);
      const rejection = scheduler.rejection(index);
      if (rejection === undefined) {
        this.entering.push({ index, atNs });
        this.giveUps?.accepted(index, atNs);
      } else {
        log.rejected(index, rejection);
        this.countEnd(index);
      }
    });
  }

  /** Clients whose patience was over before `untilNs` give up; the scheduler hears of it before its next pass, as in simulations. */
  private lookAtWatches(untilNs: number): void {
    for (const index of this.giveUps?.givenUpBefore(untilNs) ?? []) {
      this.leaving.push(index);
      if (this.giveUps!.isLast(index)) this.ended++;
      this.endedIndices.push(index);
    }
  }

  private leave(): void {
    for (const index of this.leaving) {
      const at = this.entering.findIndex((one) => one.index === index);
      if (at >= 0) this.entering.splice(at, 1);
      // False: it is complete, and its cache was released.
      else if (this.scheduler.abort!(index)) this.released.push(index);
    }
    this.leaving = [];
  }

  private enter(): void {
    this.leave();
    for (const { index, atNs } of this.entering) {
      this.scheduler.add(index, atNs);
      this.entries.set(index, { atNs: this.nowNs(), step: this.nextStep });
    }
    this.entering = [];
  }

  /** One pass; the number of its tokens. */
  private schedule(): number {
    const { scheduler, log } = this;
    const waitingBefore = scheduler.waitingRequests;
    const startNs = this.nowNs();
    const step = scheduler.schedule();
    const endNs = this.nowNs();
    const { cachedTokens } = step;
    for (const [at, index] of step.admitted.entries()) log.admitted(index, cachedTokens[at]!, endNs);
    for (const index of step.preempted) {
      log.preemptions[index]!++;
      this.released.push(index);
    }
    this.preemptions += step.preempted.length;
    this.nextStep = step.id + 1;
    const work = scheduler.assignments!(step);
    const row = scheduledRow(step, work, { scheduler, span: { startNs, endNs }, waitingBefore });
    const released = work.length === 0 ? [] : this.released.splice(0);
    this.inFlight.push({ step, row, work, released });
    return step.scheduledTokens;
  }

  /** Computes the oldest step in flight and takes its results; why it failed, if it did. */
  private computeOldest(): string | undefined {
    const { step, row, work, released } = this.inFlight.shift()!;
    const heldFromNs = this.nowNs();
    let times: StepTimes | undefined;
    try {
      if (work.length > 0) times = this.input.runStep(work, released);
    } catch (error) {
      return `step ${step.id} failed ${this.progress}: ${(error as Error).message}`;
    }
    const startNs = this.nowNs();
    const complete = this.scheduler.update(step);
    const endNs = this.nowNs();
    putResults(row, this.originNs, { times, update: { startNs, endNs } });
    if (times !== undefined) this.giveUps?.computed(work, times.endNs - times.startNs);
    this.lookAtWatches(endNs);
    this.deliver(step, complete, endNs);
    this.send(heldFromNs);
    this.input.onStep(row);
    this.tellEnded();
    return undefined;
  }

  private deliver(step: EngineStep, complete: readonly number[], atNs: number): void {
    const { scheduler, log } = this;
    scheduler.deliver(step, atNs, tokenByToken(log));
    for (const index of complete) {
      this.released.push(index);
      // Given up while the step was computed.
      if (log.abortions.has(index)) continue;
      log.completed(index);
      this.countEnd(index);
    }
  }

  private countEnd(index: number): void {
    this.client.ended(this.nowNs(), index);
    this.ended++;
    this.endedIndices.push(index);
  }

  private tellEnded(): void {
    const { input, log, entries, endedIndices } = this;
    for (const index of endedIndices) input.onEnded(log, index, entries.get(index));
    endedIndices.length = 0;
  }

  /** Steps in flight come to their end first. */
  private stopped(): DrivenSteps {
    while (this.inFlight.length > 0) {
      const failure = this.computeOldest();
      if (failure !== undefined) return { ...this.result(failure), hasFailed: true };
    }
    return this.result(`stopped ${this.progress}`);
  }

  private result(interrupted?: string): DrivenSteps {
    this.tellEnded();
    const { log, scheduler } = this;
    return {
      log,
      preemptions: this.preemptions,
      kvBlocks: { total: this.kvBlocks, highWater: this.kvBlocks - scheduler.fewestFreeBlocks },
      sendLagsNs: this.sendLagsNs,
      ...defined({ interrupted, giveUps: this.giveUps?.summary() }),
    };
  }
}
