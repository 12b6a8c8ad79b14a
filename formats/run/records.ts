/** What a run keeps of each request, batch and step that ends. Times are whole ns since the run's start. */

/**
 * ok: finished; refused: rejected, never admitted, with the reason; error: started, then lost to an error;
 * aborted: its client gave up.
 */
export const requestStatuses = ["ok", "refused", "error", "aborted"] as const;
export type RequestStatus = (typeof requestStatuses)[number];

/** One request of a run. Times in ns since the run's start; what a run does not know is absent. */
export interface RequestRecord {
  readonly requestId: string;
  /** When the client meant to send it; latency counts from here. */
  readonly arrivalNs: number;
  readonly sentNs?: number;
  /** When it first took part in a batch or step. */
  readonly scheduledNs?: number;
  readonly firstTokenNs?: number;
  /** When the client held the whole answer. */
  readonly lastTokenNs?: number;
  readonly promptTokens: number;
  readonly cachedTokens?: number;
  readonly outputTokens: number;
  readonly batchId?: number;
  readonly batchSize?: number;
  readonly preemptions?: number;
  readonly status: RequestStatus;
  readonly error?: string;
  /** Columns that servesim does not know, kept as they came. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** One batch of naive or dynamic: what ran, when, under which limit. Times in ns since the run's start. */
export interface BatchRecord {
  readonly batchId: number;
  readonly startNs: number;
  readonly firstTokenNs: number;
  readonly endNs: number;
  readonly size: number;
  readonly limit: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly peakBytes?: number;
  /** Why it left when it did: full, timeout or sla. */
  readonly reason?: string;
}

/** One step of a recorded engine: one call of schedule(), and the update that took its results. Times in whole ns. */
export interface EngineStepRecord {
  readonly step: number;
  readonly scheduleStartNs: number;
  readonly scheduleEndNs: number;
  /** Absent: the recording ended before the step's results were taken. */
  readonly updateStartNs?: number | undefined;
  readonly updateEndNs?: number | undefined;
  readonly scheduledRequests: number;
  readonly scheduledTokens: number;
  readonly decodeRequests: number;
  readonly decodeContextTokens: number;
  readonly prefillRequests: number;
  readonly prefillTokens: number;
  /** Computed tokens of all scheduled requests, before the step. */
  readonly contextTokens: number;
  readonly prefillAttentionPairs: number;
  readonly samplingRequests: number;
  readonly preempted: number;
}

/**
 * A step of one of servesim's own real runs, with what it takes to repeat the scheduler's decision, and the worker's
 * time.
 */
export interface ScheduledStepRecord extends EngineStepRecord {
  /** Requests after the pass, and those that waited before it. */
  readonly running: number;
  readonly waiting: number;
  readonly waitingBefore: number;
  /** KV blocks, after the pass. */
  readonly freeBlocks: number;
  /** `id:tokens:past;...` in scheduling order, of requests that prefill; ids as `listedId` has them. */
  readonly prefillChunks: string;
  readonly preemptedIds: string;
  /** In the worker: its slots being arranged first, and its tokens being known. Absent: nothing was computed. */
  readonly computeStartNs?: number | undefined;
  readonly computeEndNs?: number | undefined;
  /** Of that, ns inside the runtime. */
  readonly runtimeNs?: number | undefined;
  readonly slotCopies?: number | undefined;
}

/** A request's id as a member of a list in a cell: the list's separators are escaped. */
export function listedId(requestId: string): string {
  return requestId.replace(/[%:;]/g, encodeURIComponent);
}
