/**
 * Drives a scheduler of steps on the real clock: the counterpart of sim/engine/engine-loop.ts and drive.ts, with the same
 * schedulers, clients and request log, and hardware in place of the cost model. One step is in flight at a time; requests that
 * come meanwhile enter before the next one is scheduled.
 */
import { InvariantError, type RequestRecord, type Workload } from "../formats/index.js";
import {
  Client,
  StepLog,
  tableOf,
  tokenCounts,
  type EngineStep,
  type StepAssignment,
  type StepScheduler,
  type StepSchedulers,
} from "../sim/index.js";
import type { Clock } from "./clock.js";
import { sendDue, untilDue } from "./pacing.js";

export interface DriveStepsInput {
  readonly workload: Workload;
  readonly schedulers: StepSchedulers;
  readonly clock: Clock;
  /** Computes a step; `ended`: requests whose KV cache is not needed any more. Resolves with the tokens in the client's hands. */
  runStep(work: readonly StepAssignment[], ended: readonly number[]): Promise<void>;
  readonly signal?: AbortSignal | undefined;
  onProgress?(ended: number, total: number): void;
  /** Told of each request as it ends, with its place in the workload. */
  onEnded?(record: RequestRecord, index: number): void;
}

export interface DrivenSteps {
  /** Of requests that have ended, in the workload's order. */
  readonly requests: readonly RequestRecord[];
  readonly log: StepLog;
  readonly steps: number;
  readonly preemptions: number;
  /** Most KV blocks in use at once, and how many there are. */
  readonly kvBlocks: { readonly total: number; readonly highWater: number };
  /** From the end of one step's computing to the start of the next one's, of steps that followed at once, ns. */
  readonly betweenNs: readonly number[];
  readonly sendLagsNs: readonly number[];
  /** Why not all requests have ended. */
  readonly interrupted?: string;
}

/** Runs the workload to its end, or until the signal aborts or a step fails: what has ended until then is kept. */
export async function driveSteps(input: DriveStepsInput): Promise<DrivenSteps> {
  return new StepDrive(input).run();
}

class StepDrive {
  private readonly client: Client;
  private readonly log: StepLog;
  private readonly scheduler: StepScheduler;
  private readonly originNs: number;
  private readonly kvBlocks: number;
  private readonly sendLagsNs: number[] = [];
  private readonly betweenNs: number[] = [];
  /** Sent while a step ran. */
  private entering: { readonly index: number; readonly atNs: number }[] = [];
  private released: number[] = [];
  private ended = 0;
  private steps = 0;
  private preemptions = 0;
  private lastEndNs = NaN;

  constructor(private readonly input: DriveStepsInput) {
    const { workload, schedulers, clock } = input;
    const { requests } = workload;
    const tokens = tokenCounts(requests);
    this.client = new Client(workload);
    this.log = new StepLog(requests, tokens);
    this.scheduler = schedulers.choose({ requests, tokens, isReference: true }).make();
    if (this.scheduler.depth !== 1 || this.scheduler.assignments === undefined) {
      throw new InvariantError(
        "a real run needs a scheduler with one step in flight that names what each request does",
      );
    }
    this.kvBlocks = this.scheduler.freeBlocks;
    this.originNs = clock.nowNs();
  }

  async run(): Promise<DrivenSteps> {
    const { client, scheduler, input } = this;
    const isStopped = (): boolean => input.signal?.aborted === true;
    for (;;) {
      this.send();
      if (isStopped()) return this.result(`stopped after ${this.ended} of ${input.workload.requests.length} requests`);
      this.enter();
      if (scheduler.hasWork()) {
        const failure = await this.step();
        if (failure !== undefined) return this.result(failure);
      } else if (client.nextDueNs === Infinity) break;
      else {
        this.lastEndNs = NaN;
        await untilDue(this.originNs + client.nextDueNs, input, undefined);
      }
    }
    this.log.checkWhole();
    return this.result();
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
    for (const { index, atNs } of this.entering) this.scheduler.add(index, atNs);
    this.entering = [];
  }

  /** One pass; why it failed, if it did. */
  private async step(): Promise<string | undefined> {
    const { scheduler, log } = this;
    const step = scheduler.schedule();
    const scheduledNs = this.nowNs();
    for (const [at, index] of step.admitted.entries()) log.admitted(index, step.cachedTokens[at]!, scheduledNs);
    for (const index of step.preempted) log.preemptions[index]!++;
    this.preemptions += step.preempted.length;
    for (const index of step.preempted) this.released.push(index);
    const work = scheduler.assignments!(step);
    if (work.length > 0) {
      try {
        await this.compute(work);
      } catch (error) {
        return `step ${step.id} failed: ${(error as Error).message}`;
      }
      this.steps++;
    }
    this.finish(step);
    return undefined;
  }

  /** Requests that are due meanwhile are sent. */
  private async compute(work: readonly StepAssignment[]): Promise<void> {
    const startNs = this.nowNs();
    if (!Number.isNaN(this.lastEndNs)) this.betweenNs.push(startNs - this.lastEndNs);
    const { released } = this;
    this.released = [];
    const running = this.input.runStep(work, released).then(() => true as const);
    let isOver: true | undefined;
    while (isOver === undefined && this.client.nextDueNs !== Infinity) {
      isOver = await untilDue(this.originNs + this.client.nextDueNs, this.input, running);
      this.send();
    }
    await running;
    this.lastEndNs = this.nowNs();
  }

  private finish(step: EngineStep): void {
    const { scheduler, log } = this;
    const complete = scheduler.update(step);
    const toldNs = this.nowNs();
    scheduler.deliver(step, toldNs, {
      token: (index, atNs) => log.token(index, atNs),
      steadyTokens: () => {
        throw new InvariantError("a real run tells of each token by itself");
      },
      lastTokenWas: (index, atNs) => {
        log.lastTokenWas(index, atNs);
      },
    });
    for (const index of complete) {
      log.completed(index);
      this.released.push(index);
      this.countEnd(index);
    }
  }

  private countEnd(index: number): void {
    this.client.ended(this.nowNs());
    this.ended++;
    this.input.onEnded?.(tableOf(this.log).record(index), index);
    this.input.onProgress?.(this.ended, this.input.workload.requests.length);
  }

  private result(interrupted?: string): DrivenSteps {
    const { log, scheduler } = this;
    const table = tableOf(log);
    const rows = Array.from({ length: log.rows }, (_, row) => row).filter(
      (row) => log.ok[row] === 1 || log.rejections.has(row),
    );
    return {
      requests: rows.map((row) => table.record(row)),
      log,
      steps: this.steps,
      preemptions: this.preemptions,
      kvBlocks: { total: this.kvBlocks, highWater: this.kvBlocks - scheduler.fewestFreeBlocks },
      betweenNs: this.betweenNs,
      sendLagsNs: this.sendLagsNs,
      ...(interrupted === undefined ? {} : { interrupted }),
    };
  }
}
