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
