/** Request traces: the formats that servesim reads, and what it knows of a trace once read. */
import type { WorkloadRequest } from "./workload.js";

/**
 * azure: Azure LLM inference CSV of 2023 and 2024. mooncake and timed_trace: JSON lines of Mooncake and vLLM bench (one
 * form). burstgpt: CSV. sharegpt: JSON of conversations. csv: servesim's own. run: requests.csv of a run folder.
 */
export const traceFormatNames = ["azure", "burstgpt", "csv", "mooncake", "run", "sharegpt", "timed_trace"] as const;
export type TraceFormat = (typeof traceFormatNames)[number];

/** A trace as read: requests by arrival (ties in file order), or in file order where it has no arrival times. */
export interface Trace {
  readonly format: TraceFormat;
  readonly requests: readonly WorkloadRequest[];
  /** Rows of the file, those left out included. */
  readonly rows: number;
  /** What was left out and why, a sentence each; empty when every row is a request. */
  readonly notes: readonly string[];
}
