/**
 * The one interface of every scheduler. A policy is a state machine without I/O: it is told of arrivals and finished
 * work and says what to run now or when to look again. The simulator drives it with a virtual clock and a cost model,
 * real/ drives the same object with the real clock and hardware.
 */

/** What a policy knows of a request. Times in ns since the start of the run. */
export interface PolicyRequest {
  /** Position in the workload, unique in a run. */
  readonly index: number;
  /** When it reached the server. */
  readonly arrivalNs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** Why a batch was dispatched when it was. */
export type DispatchReason = "full" | "timeout" | "sla";

/** A whole static batch: left-padded prefill, then decode to the longest output; all results return together. */
export interface BatchWork {
  readonly kind: "batch";
  readonly id: number;
  readonly requests: readonly PolicyRequest[];
  /** Batch size in force when it was collected. */
  readonly limit: number;
  /** Longest prompt, which all are padded to. */
  readonly promptTokens: number;
  /** Longest output, which all decode. */
  readonly outputTokens: number;
  readonly reason: DispatchReason;
}

/** One step of continuous batching. Token counts over all requests of the step. */
export interface StepWork {
  readonly kind: "step";
  readonly id: number;
  /** Requests of the step in scheduling order, and the tokens each computes. */
  readonly requests: readonly PolicyRequest[];
  readonly tokens: readonly number[];
  readonly decodeRequests: number;
  /** Cached tokens that the decodes read. */
  readonly decodeContextTokens: number;
  readonly prefillRequests: number;
  readonly prefillTokens: number;
  /** Sum over prefill chunks of q tokens after c cached ones of q*c + q*(q+1)/2. */
  readonly prefillAttentionPairs: number;
  /** Requests that get an output token when the step ends. */
  readonly sampling: readonly PolicyRequest[];
  /** Requests put back to recompute while this step was scheduled. */
  readonly preempted: readonly PolicyRequest[];
}

export type Work = BatchWork | StepWork;

/** Nothing to run now; look again at `untilNs` (Infinity: only when told of something). */
export interface Wait {
  readonly kind: "wait";
  readonly untilNs: number;
}

/** What is known of work once it has run. */
export interface Feedback {
  /** Peak memory while it ran, as a fraction of the total. */
  readonly memoryFraction: number;
}

export interface Policy {
  /** Work items that may be in flight at once: 1 for synchronous policies. */
  readonly depth: number;
  /** Promise to start requests in arrival order. */
  readonly isFifo: boolean;
  /** A request reached the server. Returns the reason when it can never be served. */
  arrived(request: PolicyRequest, nowNs: number): string | undefined;
  /** Called while fewer than `depth` items are in flight. */
  decide(nowNs: number): Work | Wait;
  /** Work ended. Returns the requests that are complete with it, in order. */
  finished(work: Work, nowNs: number, feedback: Feedback): readonly PolicyRequest[];
}
