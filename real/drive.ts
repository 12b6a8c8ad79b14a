/**
 * Drives a batch policy on the real clock: the counterpart of sim/engine/batches/simulate.ts, with the same policy objects, the
 * same clients and the same request log, and hardware in place of the cost model.
 */
import {
  BackendError,
  InvariantError,
  type BatchRecord,
  type RequestRecord,
  type Run,
  type Workload,
} from "../formats/index.js";
import { Client, Ledger, requirePatience, type BatchWork, type MemberOutcome, type Policy } from "../sim/index.js";
import type { Clock } from "./clock.js";
import type { OnProgress } from "./live-figures.js";
import { sendDue, untilDue } from "./pacing.js";

/** What the hardware reports of one batch; times on the clock's scale. */
export interface BatchOutcome {
  /** When every member that got a first token had it. */
  readonly firstTokenNs: number;
  /** Peak memory, bytes; absent where only its fraction is known. */
  readonly peakBytes?: number;
  /** Peak memory of all there is; absent: peakBytes of totalBytes. */
  readonly memoryFraction?: number;
  /** Each member's own, in the batch's order, times on the clock's scale; absent: all have the batch's. */
  readonly members?: readonly MemberOutcome[];
  /** When the answers were in the client's hands; absent: when this is called. */
  readonly endNs?: number;
}

export interface DriveInput {
  readonly workload: Workload;
  readonly policy: Policy;
  readonly clock: Clock;
  /** Memory that the policy's threshold is a fraction of, bytes. */
  readonly totalBytes: number;
  /** Runs a batch; resolves when the answers are in the client's hands. */
  runBatch(work: BatchWork): Promise<BatchOutcome>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Called for each request and each batch as it ends. */
  onEnded?(ended: EndedRequest): void;
  onBatch?(batch: BatchRecord): void;
}

export interface EndedRequest {
  readonly record: RequestRecord;
  /** In the workload. */
  readonly index: number;
  /** The run's start on the clock, ns. */
  readonly originNs: number;
}

export interface DriveResult extends ReturnType<Ledger["records"]> {
  /** The run's start on the clock, ns. */
  readonly originNs: number;
  /** How late each request was sent, ns, in sending order. */
  readonly sendLagsNs: readonly number[];
}

/**
 * Thrown when the signal stops a run. It keeps the requests that had finished, which are not the whole workload's
 * result.
 */
export class RunInterrupted extends Error {
  override readonly name = "RunInterrupted";

  /** Throws where the signal has stopped a run before its start: nothing of the workload was sent. */
  static throwBeforeStart({ aborted }: AbortSignal): void {
    if (!aborted) return;
    const nothing = { requests: [], batches: [], originNs: 0, sendLagsNs: [] };
    throw new RunInterrupted("stopped before the first request", nothing);
  }

  /**
   * `finished`: the requests that had ended. `run`: the same as a run, marked invalid, where the thrower knows its
   * context.
   */
  constructor(
    message: string,
    readonly finished: DriveResult,
    readonly run?: Run,
  ) {
    super(message);
  }
}

/** Thrown when the hardware fails in the middle of a run; `run` has the requests that had ended, marked invalid. */
export class RunFailed extends BackendError {
  constructor(
    message: string,
    readonly run: Run,
  ) {
    super(message);
  }
}

/** Runs the workload to its end. A batch that fails ends its requests with the error and the run goes on. */
export async function drive(input: DriveInput): Promise<DriveResult> {
  return new RealRun(input).run();
}

interface Finished {
  readonly work: BatchWork;
  readonly startNs: number;
  readonly outcome: BatchOutcome | Error;
}

class RealRun {
  private readonly ledger = new Ledger();
  private readonly client: Client;
  private readonly originNs: number;
  private readonly sendLagsNs: number[] = [];
  private readonly unanswered = new Set<number>();
  private running: Promise<Finished> | undefined;
  private ended = 0;

  constructor(private readonly input: DriveInput) {
    requirePatience(input.workload, "a real run of batches");
    this.client = new Client(input.workload);
    this.originNs = input.clock.nowNs();
  }

  async run(): Promise<DriveResult> {
    for (;;) {
      this.send();
      if (this.input.signal?.aborted === true) throw await this.interrupted();
      const lookNs = this.running === undefined ? this.decide() : Infinity;
      const wakeNs = Math.min(lookNs, this.client.nextDueNs);
      if (this.running === undefined && wakeNs === Infinity) break;
      const finished = await this.nextEvent(wakeNs);
      if (finished !== undefined) this.finish(finished);
    }
    if (this.ledger.outstanding > 0) {
      throw new InvariantError(`the policy left ${this.ledger.outstanding} requests waiting with nothing to wait for`);
    }
    return { ...this.ledger.records(), originNs: this.originNs, sendLagsNs: this.sendLagsNs };
  }

  private nowNs(): number {
    return this.input.clock.nowNs() - this.originNs;
  }

  private send(): void {
    const { client, sendLagsNs } = this;
    sendDue(client, { nowNs: () => this.nowNs(), sendLagsNs }, ({ index, arrivalNs }, nowNs) => {
      const request = this.input.workload.requests[index]!;
      this.ledger.sent(index, request, arrivalNs, nowNs);
      this.unanswered.add(index);
      const { promptTokens, outputTokens } = request;
      const rejection = this.input.policy.arrived({ index, arrivalNs: nowNs, promptTokens, outputTokens }, nowNs);
      if (rejection !== undefined) this.endWithout(index, "refused", rejection);
    });
  }

  /** Starts a batch if the policy has one; otherwise returns when to look again. */
  private decide(): number {
    const startNs = this.nowNs();
    const decision = this.input.policy.decide(startNs);
    if (decision.kind === "wait") return decision.untilNs;
    this.running = this.input.runBatch(decision).then(
      (outcome) => ({ work: decision, startNs, outcome }),
      (error: unknown) => ({
        work: decision,
        startNs,
        outcome: error instanceof Error ? error : new Error(String(error)),
      }),
    );
    return Infinity;
  }

  /** Waits for the running batch or for a moment, whichever is first. */
  private async nextEvent(wakeNs: number): Promise<Finished | undefined> {
    if (wakeNs === Infinity) return await this.running;
    return untilDue(this.originNs + wakeNs, this.input, this.running);
  }

  private finish({ work, startNs, outcome }: Finished): void {
    this.running = undefined;
    const toldNs = this.nowNs();
    if (outcome instanceof Error) {
      this.input.policy.finished(work, toldNs, { memoryFraction: 0 });
      for (const { index } of work.requests) this.endWithout(index, "error", outcome.message);
      return;
    }
    const endNs = outcome.endNs === undefined ? toldNs : outcome.endNs - this.originNs;
    const { peakBytes = 0, memoryFraction = peakBytes / this.input.totalBytes } = outcome;
    const firstTokenNs = outcome.firstTokenNs - this.originNs;
    const members = outcome.members?.map(({ firstTokenNs: ownNs, ...member }) => ({
      ...member,
      ...(ownNs === undefined ? {} : { firstTokenNs: ownNs - this.originNs }),
    }));
    this.ledger.batchRan(work, { startNs, firstTokenNs, endNs, members }, outcome.peakBytes);
    this.input.onBatch?.(this.ledger.lastBatch!);
    for (const request of this.input.policy.finished(work, endNs, { memoryFraction })) {
      this.ledger.memberEnded(request, members?.[work.requests.indexOf(request)], endNs);
      this.countEnd(request.index);
    }
  }

  private endWithout(index: number, status: "refused" | "error", reason: string): void {
    this.ledger.ended(index, status, reason);
    this.countEnd(index);
  }

  private countEnd(index: number): void {
    this.unanswered.delete(index);
    this.client.ended(this.nowNs());
    this.ended++;
    const record = this.ledger.record(index);
    this.input.onEnded?.({ record, index, originNs: this.originNs });
    this.input.onProgress?.(this.ended, this.input.workload.requests.length, record);
  }

  /** Lets the running batch end, and gives up the requests that have no answer then. */
  private async interrupted(): Promise<RunInterrupted> {
    if (this.running !== undefined) this.finish(await this.running);
    const total = this.input.workload.requests.length;
    const message = `stopped after ${this.ended} of ${total} requests`;
    for (const index of this.unanswered) this.ledger.ended(index, "error", message);
    const { requests, batches } = this.ledger.records();
    const finished = requests.filter((_, index) => !this.unanswered.has(index));
    return new RunInterrupted(message, {
      requests: finished,
      batches,
      originNs: this.originNs,
      sendLagsNs: this.sendLagsNs,
    });
  }
}
