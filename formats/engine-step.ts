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
