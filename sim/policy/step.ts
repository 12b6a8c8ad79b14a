/** Continuous batching: what one scheduling pass decided, and the scheduler as the engine loop drives it. */
import type { ContentRuns, Follows } from "../../formats/index.js";
import type { StepShape } from "../cost/index.js";

/** A request as schedulers see it; a WorkloadRequest is one. Lengths are tokens. */
export interface SchedulerRequest {
  readonly promptTokens: number;
  /** Most output tokens; it ends there unless eosAt is earlier. With maxTokens: where it ends. */
  readonly outputTokens: number;
  /** Its limit, where it ends by itself after outputTokens, which the server does not know before; see WorkloadRequest. */
  readonly maxTokens?: number;
  /** Breaks ties of priority and arrival, smaller first; absent: the earlier index. */
  readonly id?: string;
  /** Lower is served earlier; default 0. */
  readonly priority?: number;
  /** Content of the prompt for the prefix cache; absent: shared with no other request. */
  readonly content?: ContentRuns;
  /** The earlier request whose first tokens the prompt begins with, before `content`. */
  readonly follows?: Follows;
  /** Content of the answer; absent: like no other request's. */
  readonly answer?: ContentRuns;
  /** Of a session: the earlier request whose answer it waits for. */
  readonly turn?: { readonly after?: number };
  /** Requests of different salts share no blocks. */
  readonly salt?: string;
}

/** Called with output tokens when they reach the client. Times in whole ns. */
export interface TokenSink {
  /**
   * One more output token of a request. Returns whether it reaches the client later than that, behind the first one:
   * then the request's next token must be reported separately, too.
   */
  token(request: Indexed, atNs: number): boolean;
  /** One more output token of each of `requests` requests that also had one in the delivery just before. */
  steadyTokens(requests: number, atNs: number): void;
  /** The request had its latest token at this time, one that was delivered among steady tokens. */
  lastTokenWas(request: Indexed, atNs: number): void;
}

/** A request by its place in the workload. */
export interface Indexed {
  readonly index: number;
}

/**
 * A step: its token counts, and which requests joined and left while it was scheduled. A request prefills while what it
 * knew at its admission (its prompt, and the outputs of a resumed one) is not computed yet; then it decodes, one token
 * a step.
 */
export interface EngineStep extends StepShape {
  readonly id: number;
  /** Requests that get an output token from this step, and for how many of them it is their first. */
  readonly samplingRequests: number;
  readonly firstTokens: number;
  /** Indices of requests admitted, new or resumed, and how many of their tokens the prefix cache held. */
  readonly admitted: readonly number[];
  readonly cachedTokens: readonly number[];
  /** Indices of requests put back to recompute. */
  readonly preempted: readonly number[];
}

/** What one request does in a step. */
export interface StepAssignment {
  /** In the workload. */
  readonly index: number;
  /** Tokens computed in the step, and those computed before it. */
  readonly tokens: number;
  readonly past: number;
  /** Whether the step gives it its next output token. */
  readonly samples: boolean;
  /** Whether it computes a part of what the request knew at its admission; otherwise it decodes. */
  readonly prefills: boolean;
}

/** Query and key pairs of a causal chunk of `tokens` after `context` cached ones. */
export function attentionPairs(tokens: number, context: number): number {
  return tokens * context + (tokens * (tokens + 1)) / 2;
}

/** A scheduler that the engine loop drives; requests are named by their index in the workload. */
export interface StepScheduler<Step extends EngineStep = EngineStep> {
  /** Steps that may be in flight: 1 synchronous, 2 asynchronous. */
  readonly depth: 1 | 2;
  readonly runningRequests: number;
  readonly waitingRequests: number;
  /** KV blocks that no request holds; all that there are while no request is in the engine. */
  readonly freeBlocks: number;
  /** Fewest free blocks after any pass; a caller that watches a stretch of its own sets it back to `freeBlocks`. */
  fewestFreeBlocks: number;
  /** The reason when a request can never be served: then it must not be added. */
  rejection(index: number): string | undefined;
  /** A request that arrived at `arrivalNs` enters the engine. */
  add(index: number, arrivalNs: number): void;
  /**
   * Ends a request wherever it is; outputs still in flight are lost. False when it is not in the engine. Absent: the
   * scheduler cannot.
   */
  abort?(index: number): boolean;
  /** A request of the workload will not enter this engine. */
  absent?(index: number): void;
  /**
   * Whether schedule() has something to do: unfinished requests, or finished ones that the worker does not know about
   * yet.
   */
  hasWork(): boolean;
  hasUnfinished(): boolean;
  schedule(): Step;
  /** What each request does in the step that was scheduled last; absent where the scheduler only counts. */
  assignments?(step: Step): readonly StepAssignment[];
  /** The KV blocks that a request holds, in order of its tokens; absent where the scheduler only counts. Not to be kept. */
  blocksOf?(index: number): readonly number[];
  /** The step's outputs are known: frees slots and blocks. Returns the requests that are complete, in order. */
  update(step: Step): readonly number[];
  /** The engine asks no more about a step, and the scheduler may make another of it. */
  done?(step: Step): void;
  /** Reports the step's output tokens, once they are at the client. Steps are delivered in order, after update. */
  deliver(step: Step, atNs: number, sink: TokenSink): void;
  /**
   * How many of the next passes, if nothing is added, schedule exactly the decodes of the latest pass again: no
   * admission, no preemption, and no request completed by the updates between them. 0 when that is unknown. In asynchronous
   * mode the last one may schedule the last token of some.
   */
  decodeRun(): number;
  /** Cached tokens that the next pass of such a run reads. */
  readonly contextTokens: number;
  /**
   * Does `steps` passes of such a run and the updates that belong to them at once, at most decodeRun(). `latest`, the
   * step in flight (asynchronous), stands for the last pass from now on.
   */
  skip(steps: number, latest: Step | undefined): void;
  /**
   * A pass of such a run whose output is still to be reported; `isLatest`: it is the latest one of a synchronous
   * scheduler.
   */
  passOfRun(isLatest: boolean): Step;
  /**
   * Reports which requests had their latest token at `atNs`, the last delivery of a skipped run; the gaps are reported
   * elsewhere.
   */
  deliverRun(atNs: number, sink: TokenSink): void;
}
