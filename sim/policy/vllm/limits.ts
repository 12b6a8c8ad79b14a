/** What both schedulers are made from: vLLM's settings with every default filled, and the requests by index. */
import type { ContentRuns } from "../../../formats/index.js";
import type { VersionRules } from "./versions.js";

export interface SchedulerLimits {
  /** What the server's version decides in a way of its own. */
  readonly rules: VersionRules;
  readonly asyncScheduling: boolean;
  /** Seats: sizes CUDA graphs, and bounds the running list where there is no maxNumActiveSeqs. */
  readonly maxNumSeqs: number;
  /** Running requests at which admissions stop; absent: maxNumSeqs. */
  readonly maxNumActiveSeqs?: number | undefined;
  readonly maxNumBatchedTokens: number;
  /** Token budget of a step, where it is less than maxNumBatchedTokens. */
  readonly maxNumScheduledTokens?: number | undefined;
  readonly blockSize: number;
  /** KV blocks, the null block included. */
  readonly numGpuBlocks: number;
  readonly maxModelLen: number;
  readonly chunkedPrefill: boolean;
  readonly prefixCaching: boolean;
  /** Most tokens of one request in a step; 0: no such cap. */
  readonly longPrefillTokenThreshold: number;
  /** That cap is at least an equal share of maxNumBatchedTokens; absent: it is not. */
  readonly adaptivePrefillCap?: boolean;
  readonly schedulingPolicy: "fcfs" | "priority";
  /** Fraction of the pool kept free of admissions. */
  readonly watermark: number;
  /** Admit a request only when all its known tokens fit. */
  readonly reserveFullIsl: boolean;
  /** A server with so many unfinished requests rejects others; absent: none is rejected. */
  readonly maxNumQueuedReqs?: number | undefined;
  /** A server with so many prompt tokens that wait for a first token rejects requests; absent: none is rejected. */
  readonly maxNumQueuedTokens?: number | undefined;
}

/** Token budget of a step. */
export function stepBudget({ maxNumBatchedTokens, maxNumScheduledTokens = Infinity }: SchedulerLimits): number {
  return Math.min(maxNumBatchedTokens, maxNumScheduledTokens);
}

/** Running requests at which admissions stop. */
export function seatsOf({ maxNumSeqs, maxNumActiveSeqs = maxNumSeqs }: SchedulerLimits): number {
  return maxNumActiveSeqs;
}

/** A request as the schedulers know it; a WorkloadRequest is one. Lengths are tokens. */
export interface SchedulerRequest {
  readonly promptTokens: number;
  /** Most output tokens; it ends there unless eosAt is earlier. */
  readonly outputTokens: number;
  /** Breaks ties of priority and arrival, smaller first; absent: the earlier index. */
  readonly id?: string;
  /** Lower is served earlier; default 0. */
  readonly priority?: number;
  /** Content of the prompt for the prefix cache; absent: shared with no other request. */
  readonly content?: ContentRuns;
}
