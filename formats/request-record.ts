/** One request of a run, as run folders and everything that reads them have it. */

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
