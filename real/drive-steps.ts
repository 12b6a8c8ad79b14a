/**
 * Drives a scheduler of steps on the real clock: the counterpart of sim/engine/engine-loop.ts and drive.ts, with the
 * same schedulers, clients and request log, and hardware in place of the cost model. A step blocks the thread, so nothing
 * lies between two steps but the work of scheduling itself; requests that are due meanwhile enter before the next one is
 * scheduled, as they would if another thread had held them. As many steps are scheduled ahead as the scheduler says.
 */
import {
  defined,
  InvariantError,
  type RequestRecord,
  type ScheduledStepRecord,
  type WorkloadRequest,
} from "../formats/index.js";
import {
  Client,
  StepLog,
  isImpatient,
  recordOf,
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
import { decisionOf, entryColumns, stepRecord, type Decision, type Span, type StepTimes } from "./step-records.js";

/** Runs the workload to its end, or until the signal aborts or a step fails: what has ended until then is kept. */
export async function driveSteps(input: DriveStepsInput): Promise<DrivenSteps> {
  return new StepDrive(input).run();
}

/** A step that was scheduled and is to be computed. */
interface InFlight {
  readonly step: EngineStep;
  readonly decision: Decision;
  readonly work: readonly StepAssignment[];
  /** Requests whose KV cache is not needed any more. */
  readonly released: readonly number[];
}

/** A step whose results were taken. */
interface Taken {
  readonly decision: Decision;
  readonly times: StepTimes | undefined;
  readonly update: Span;
}

class StepDrive {
  /** All attempts of the workload's. */
  private readonly requests: readonly WorkloadRequest[];
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
  /** When each request entered the scheduler, and before which step: in the columns of recorded servers. */
  private readonly entries = new Map<number, Readonly<Record<string, string>>>();
  private released: number[] = [];
  /** Given up since the last step was scheduled. */
  private leaving: number[] = [];
  private readonly inFlight: InFlight[] = [];
  private readonly steps: ScheduledStepRecord[] = [];
  /** Steps and requests that have ended and are not yet reported. */
  private taken: Taken[] = [];
  private endedRows: { readonly index: number; readonly isLast: boolean }[] = [];
  private nextStep = 0;
  private ended = 0;
  private preemptions = 0;

  constructor(private readonly input: DriveStepsInput) {
    const { workload, schedulers, clock } = input;
    const requests = withAttempts(workload);
    const tokens = tokenCounts(requests);
    this.requests = requests;
    this.log = new StepLog(requests, tokens);
    this.giveUps = isImpatient(workload) ? new StepGiveUps(workload, this.log) : undefined;
    this.client = this.giveUps?.client ?? new Client(workload);
    this.scheduler = schedulers.choose({ requests, tokens, isReference: true }).make();
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
      const isLast = this.giveUps!.isLast(index);
      if (isLast) this.ended++;
      this.endedRows.push({ index, isLast });
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
      const { priority } = this.requests[index]!;
      this.entries.set(index, entryColumns(this.nowNs(), this.nextStep, priority));
    }
    this.entering = [];
  }

  /** One pass; the number of its tokens. */
  private schedule(): number {
    const { scheduler, log, requests } = this;
    const waitingBefore = scheduler.waitingRequests;
    const startNs = this.nowNs();
    const step = scheduler.schedule();
    const endNs = this.nowNs();
    for (const [at, index] of step.admitted.entries()) log.admitted(index, step.cachedTokens[at]!, endNs);
    for (const index of step.preempted) {
      log.preemptions[index]!++;
      this.released.push(index);
    }
    this.preemptions += step.preempted.length;
    this.nextStep = step.id + 1;
    const work = scheduler.assignments!(step);
    const decision = decisionOf(step, work, { scheduler, span: { startNs, endNs }, waitingBefore, requests });
    const released = work.length === 0 ? [] : this.released.splice(0);
    this.inFlight.push({ step, decision, work, released });
    return step.scheduledTokens;
  }

  /** Computes the oldest step in flight and takes its results; why it failed, if it did. */
  private computeOldest(): string | undefined {
    const { step, decision, work, released } = this.inFlight.shift()!;
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
    this.taken.push({ decision, times, update: { startNs, endNs } });
    if (times !== undefined) this.giveUps?.computed(work, times.endNs - times.startNs);
    this.lookAtWatches(endNs);
    this.deliver(step, complete, endNs);
    this.send(heldFromNs);
    this.tell();
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
    this.endedRows.push({ index, isLast: true });
  }

  /** Reports what has ended. */
  private tell(): void {
    const { input, taken, endedRows } = this;
    [this.taken, this.endedRows] = [[], []];
    for (const { decision, ...outcome } of taken) {
      const record = stepRecord(decision, this.originNs, outcome);
      this.steps.push(record);
      input.onStep?.(record);
    }
    let told = this.ended - endedRows.filter(({ isLast }) => isLast).length;
    for (const { index, isLast } of endedRows) {
      const record = this.recordOf(index);
      input.onEnded?.(record, index);
      if (isLast) input.onProgress?.(++told, input.workload.requests.length, record);
    }
  }

  private recordOf(index: number): RequestRecord {
    const record = recordOf(this.log, index);
    const entry = this.entries.get(index);
    return entry === undefined ? record : { ...record, extra: { ...record.extra, ...entry } };
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
    this.tell();
    const { log, scheduler } = this;
    const rows = Array.from({ length: log.rows }, (_, row) => row).filter(
      (row) => log.ok[row] === 1 || log.rejections.has(row) || log.abortions.has(row),
    );
    return {
      requests: rows.map((row) => this.recordOf(row)),
      log,
      steps: this.steps,
      preemptions: this.preemptions,
      kvBlocks: { total: this.kvBlocks, highWater: this.kvBlocks - scheduler.fewestFreeBlocks },
      sendLagsNs: this.sendLagsNs,
      ...defined({ interrupted, giveUps: this.giveUps?.summary() }),
    };
  }
}
