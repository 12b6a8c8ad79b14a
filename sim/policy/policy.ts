/**
 * The interface of policies that run whole batches. A policy is a state machine without I/O: it is told about arrivals
 * and finished work, and decides what to run now or when to look again. The simulator drives it with a virtual clock
 * and a cost model, real/ drives the same object with the real clock and hardware. (step-policy.ts: the interface of
 * policies that run steps.)
 */

/** What a policy knows about a request. Times in ns since the start of the run. */
export interface PolicyRequest {
  /** Position in the workload, unique in a run. */
  readonly index: number;
  /** When it reached the server. */
  readonly arrivalNs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** Why a batch was dispatched when it was, in the policy's own word: "full", "timeout", "sla" of naive and dynamic. */
export type DispatchReason = string;

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

/** What became of one member of a batch, where members differ. */
export interface MemberOutcome {
  readonly firstTokenNs?: number;
  /** The member got no answer, and why. */
  readonly failure?: { readonly status: "refused" | "error"; readonly reason: string };
}

/** Nothing to run now; look again at `untilNs` (Infinity: only when something happens). */
export interface Wait {
  readonly kind: "wait";
  readonly untilNs: number;
}

/** What is known about work once it has run. */
export interface Feedback {
  /** Peak memory while it ran, as a fraction of the total. */
  readonly memoryFraction: number;
}

export interface Policy {
  /** Promise to start requests in arrival order. */
  readonly isFifo: boolean;
  /** Promise not to leave the machine idle for longer than this while requests wait, ns. */
  readonly maxIdleNs: number;
  /** A request reached the server. Returns the reason when it can never be served. */
  arrived(request: PolicyRequest, nowNs: number): string | undefined;
  /** A request's client gave up while it waited; one whose batch runs stays in it. Absent: no request can be taken out. */
  withdrawn?(index: number): void;
  /** Called while no batch is running. */
  decide(nowNs: number): BatchWork | Wait;
  /** Work ended. Returns the requests that are complete with it, in order. */
  finished(work: BatchWork, nowNs: number, feedback: Feedback): readonly PolicyRequest[];
}
