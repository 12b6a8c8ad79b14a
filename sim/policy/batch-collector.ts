/**
 * How naive and dynamic fill a batch, as the original suite's queue loop does it (design.md, "Policies, exactly").
 * Collection opens when the previous batch ended, the first at time 0, and is not reopened while the queue is empty: so
 * after an idle spell longer than the timeout the next request leaves alone. Requests are taken one at a time; between
 * two, the collector waits up to max(10 ms, what is left of the timeout).
 */
import { Fifo } from "../kernel/index.js";
import type { BatchWork, DispatchReason, PolicyRequest, Wait } from "./policy.js";

const MIN_WAIT_NS = 10_000_000;

/**
 * Bound on a request's wait. `deadline`: dispatch when the oldest request's age since arrival reaches it, by a timer.
 * `reference`: as the original has it: the clock starts when the batch's first request is taken and is checked only
 * when another is taken, so with a timeout below the bound it can never fire.
 */
export interface Sla {
  readonly mode: "deadline" | "reference";
  readonly maxWaitNs: number;
}

export class BatchCollector {
  private readonly queue = new Fifo<PolicyRequest>();
  private batch: PolicyRequest[] = [];
  private openedNs = 0;
  private firstTakenNs = 0;
  /** End of the wait for the next request; undefined while none is under way. */
  private waitEndsNs: number | undefined;
  private batches = 0;

  constructor(
    private readonly timeoutNs: number,
    private readonly sla?: Sla,
  ) {}

  /** Longest that it collects while requests wait. */
  get maxIdleNs(): number {
    return this.timeoutNs + MIN_WAIT_NS;
  }

  arrived(request: PolicyRequest): void {
    this.queue.push(request);
  }

  /** Takes out a request that waits, or that the batch which is being collected has. */
  withdrawn(index: number): void {
    const isIt = (request: PolicyRequest): boolean => request.index === index;
    const waiting = this.queue.toArray().find(isIt);
    if (waiting !== undefined) this.queue.remove(waiting);
    this.batch = this.batch.filter((request) => !isIt(request));
    if (this.batch.length === 0) this.waitEndsNs = undefined;
  }

  /** The next collection opens. */
  reopen(nowNs: number): void {
    this.openedNs = nowNs;
  }

  /** Collects up to `limit` requests as of now: a batch to run, or when to look again. */
  collect(nowNs: number, limit: number): BatchWork | Wait {
    for (;;) {
      if (this.batch.length >= limit) return this.dispatch("full", limit);
      if (this.batch.length > 0 && this.waitEndsNs === undefined) {
        const leftNs = this.openedNs + this.timeoutNs - nowNs;
        if (leftNs <= 0) return this.dispatch("timeout", limit);
        this.waitEndsNs = nowNs + Math.max(MIN_WAIT_NS, leftNs);
      }
      const next = this.queue.shift();
      if (next === undefined) return this.waitOrDispatch(nowNs, limit);
      this.take(next, nowNs);
      if (this.sla?.mode === "reference" && nowNs - this.firstTakenNs >= this.sla.maxWaitNs && this.batch.length > 1) {
        return this.dispatch(this.batch.length >= limit ? "full" : "sla", limit);
      }
    }
  }

  private take(request: PolicyRequest, nowNs: number): void {
    if (this.batch.length === 0) this.firstTakenNs = nowNs;
    this.batch.push(request);
    this.waitEndsNs = undefined;
  }

  private waitOrDispatch(nowNs: number, limit: number): BatchWork | Wait {
    if (this.waitEndsNs === undefined) return { kind: "wait", untilNs: Infinity };
    const dueNs = this.sla?.mode === "deadline" ? this.batch[0]!.arrivalNs + this.sla.maxWaitNs : Infinity;
    if (nowNs >= dueNs) return this.dispatch("sla", limit);
    if (nowNs >= this.waitEndsNs) return this.dispatch("timeout", limit);
    return { kind: "wait", untilNs: Math.min(this.waitEndsNs, dueNs) };
  }

  private dispatch(reason: DispatchReason, limit: number): BatchWork {
    const requests = this.batch;
    this.batch = [];
    this.waitEndsNs = undefined;
    return {
      kind: "batch",
      id: ++this.batches,
      requests,
      limit,
      promptTokens: longest(requests, "promptTokens"),
      outputTokens: longest(requests, "outputTokens"),
      reason,
    };
  }
}

function longest(requests: readonly PolicyRequest[], key: "promptTokens" | "outputTokens"): number {
  return requests.reduce((most, request) => Math.max(most, request[key]), 0);
}

/** Seconds of a settings file as the whole nanoseconds that policies count in. */
export function secondsToNs(seconds: number): number {
  return Math.round(seconds * 1e9);
}
