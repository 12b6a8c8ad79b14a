/**
 * Drives a scheduler of steps on the real clock: the counterpart of sim/engine/engine-loop.ts and drive.ts, with the
 * same schedulers, clients and request log, and hardware in place of the cost model. As many steps are in flight as the
 * scheduler says, one or two; requests that come meanwhile enter before the next one is scheduled.
 */
import { defined, InvariantError, type RequestRecord, type ScheduledStepRecord } from "../formats/index.js";
import {
  Client,
  requirePatience,
  StepLog,
  tableOf,
  tokenByToken,
  tokenCounts,
  type EngineStep,
  type StepAssignment,
  type StepScheduler,
} from "../sim/index.js";
import { Alarm, sendDue, untilDue } from "./pacing.js";
import type { DrivenSteps, DriveStepsInput } from "./steps-run.js";
import { decisionOf, entryColumns, stepRecord, type Decision, type Span, type StepTimes } from "./step-records.js";

/** Runs the workload to its end, or until the signal aborts or a step fails: what has ended until then is kept. */
export async function driveSteps(input: DriveStepsInput): Promise<DrivenSteps> {
  const drive = new StepDrive(input);
  try {
    return await drive.run();
  } finally {
    drive.stop();
  }
}

interface InFlight {
  readonly step: EngineStep;
  readonly decision: Decision;
  /** Undefined: nothing had to be computed. */
  readonly outcome: Promise<StepTimes | Error | undefined>;
}

/** A step whose results were taken. */
interface Taken {
  readonly decision: Decision;
  readonly times: StepTimes | undefined;
  readonly update: Span;
}

class StepDrive {
  private readonly client: Client;
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
  private readonly inFlight: InFlight[] = [];
  private readonly steps: ScheduledStepRecord[] = [];
  /** Steps and requests that have ended and are not yet reported. */
  private taken: Taken[] = [];
  private endedRows: number[] = [];
  private readonly alarm: Alarm;
  private nextStep = 0;
  private ended = 0;
  private preemptions = 0;

  constructor(private readonly input: DriveStepsInput) {
    const { workload, schedulers, clock } = input;
    const { requests } = workload;
    const tokens = tokenCounts(requests);
    requirePatience(workload, "a real run on ONNX Runtime");
    this.client = new Client(workload);
    this.log = new StepLog(requests, tokens);
    this.scheduler = schedulers.choose({ requests, tokens, isReference: true }).make();
    if (this.scheduler.assignments === undefined) {
      throw new InvariantError("a real run needs a scheduler that names what each request does");
    }
    this.kvBlocks = this.scheduler.freeBlocks;
    this.alarm = new Alarm(input);
    this.originNs = clock.nowNs();
  }

  stop(): void {
    this.alarm.stop();
  }

  async run(): Promise<DrivenSteps> {
    const { client, scheduler, inFlight, input } = this;
    for (;;) {
      this.send();
      if (input.signal?.aborted === true) return this.stopped();
      this.enter();
      const scheduledTokens = scheduler.hasWork() ? this.schedule() : 0;
      if (inFlight.length > 0) {
        // As in engine-loop.ts: another step is scheduled before results are taken, where one more may be in flight.
        if (inFlight.length < scheduler.depth && (scheduledTokens > 0 || scheduler.hasWork())) continue;
        this.tell();
        const failure = await this.takeOldest();
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

  /** Sends what is due. */
  private send(): void {
    const { client, log, scheduler, sendLagsNs } = this;
    sendDue(client, { nowNs: () => this.nowNs(), sendLagsNs }, ({ index, arrivalNs }, atNs) => {
      log.sent(index, arrivalNs, atNs);
      const rejection = scheduler.rejection(index);
      if (rejection === undefined) this.entering.push({ index, atNs });
      else {
        log.rejected(index, rejection);
        this.countEnd(index);
      }
    });
  }

  private enter(): void {
    for (const { index, atNs } of this.entering) {
      this.scheduler.add(index, atNs);
      const { priority } = this.input.workload.requests[index]!;
      this.entries.set(index, entryColumns(this.nowNs(), this.nextStep, priority));
    }
    this.entering = [];
  }

  /** One pass, whose step the worker begins with as soon as it can; the number of its tokens. */
  private schedule(): number {
    const { scheduler, log, input } = this;
    const { workload } = input;
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
    const outcome = work.length === 0 ? Promise.resolve(undefined) : this.compute(work);
    const decision = decisionOf(step, work, { scheduler, span: { startNs, endNs }, waitingBefore, workload });
    this.inFlight.push({ step, decision, outcome });
    return step.scheduledTokens;
  }

  private compute(work: readonly StepAssignment[]): Promise<StepTimes | Error> {
    const { released } = this;
    this.released = [];
    return this.input.runStep(work, released).catch((error: unknown) => error as Error);
  }

  /**
   * Waits for the oldest step in flight, while requests that are due are sent, and takes its results; why it failed, if
   * it did.
   */
  private async takeOldest(): Promise<string | undefined> {
    const { step, decision, outcome } = this.inFlight.shift()!;
    const over = outcome.then(() => true as const);
    let isOver: true | undefined;
    const isStopped = (): boolean => this.input.signal?.aborted === true;
    while (isOver === undefined && this.client.nextDueNs !== Infinity && !isStopped()) {
      isOver = await this.alarm.race(this.originNs + this.client.nextDueNs, over);
      this.send();
    }
    const times = await outcome;
    if (times instanceof Error) return `step ${step.id} failed ${this.progress}: ${times.message}`;
    const startNs = this.nowNs();
    const complete = this.scheduler.update(step);
    const endNs = this.nowNs();
    this.taken.push({ decision, times, update: { startNs, endNs } });
    this.deliver(step, complete, endNs);
    return undefined;
  }

  private deliver(step: EngineStep, complete: readonly number[], atNs: number): void {
    const { scheduler, log } = this;
    scheduler.deliver(step, atNs, tokenByToken(log));
    for (const index of complete) {
      log.completed(index);
      this.released.push(index);
      this.countEnd(index);
    }
  }

  private countEnd(index: number): void {
    this.client.ended(this.nowNs());
    this.ended++;
    this.endedRows.push(index);
  }

  /** Reports what has ended, while the next step is computed: requests wait for that step, not for this. */
  private tell(): void {
    const { input, taken, endedRows } = this;
    [this.taken, this.endedRows] = [[], []];
    for (const { decision, ...outcome } of taken) {
      const record = stepRecord(decision, this.originNs, outcome);
      this.steps.push(record);
      input.onStep?.(record);
    }
    const before = this.ended - endedRows.length;
    for (const [at, index] of endedRows.entries()) {
      input.onEnded?.(this.recordOf(index), index);
      input.onProgress?.(before + at + 1, input.workload.requests.length);
    }
  }

  private recordOf(index: number): RequestRecord {
    const record = tableOf(this.log).record(index);
    const entry = this.entries.get(index);
    return entry === undefined ? record : { ...record, extra: { ...record.extra, ...entry } };
  }

  /** Steps in flight come to their end first. */
  private async stopped(): Promise<DrivenSteps> {
    while (this.inFlight.length > 0) {
      const failure = await this.takeOldest();
      if (failure !== undefined) return { ...this.result(failure), hasFailed: true };
    }
    return this.result(`stopped ${this.progress}`);
  }

  private result(interrupted?: string): DrivenSteps {
    this.tell();
    const { log, scheduler } = this;
    const rows = Array.from({ length: log.rows }, (_, row) => row).filter(
      (row) => log.ok[row] === 1 || log.rejections.has(row),
    );
    return {
      requests: rows.map((row) => this.recordOf(row)),
      log,
      steps: this.steps,
      preemptions: this.preemptions,
      kvBlocks: { total: this.kvBlocks, highWater: this.kvBlocks - scheduler.fewestFreeBlocks },
      sendLagsNs: this.sendLagsNs,
      ...defined({ interrupted }),
    };
  }
}
