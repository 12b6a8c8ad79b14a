/** What both schedulers are made from: vLLM's settings with every default filled, and the requests by index. */
import type { ContentRuns } from "../../../formats/index.js";

export interface SchedulerLimits {
  readonly asyncScheduling: boolean;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly blockSize: number;
  /** KV blocks, the null block included. */
  readonly numGpuBlocks: number;
  readonly maxModelLen: number;
  readonly chunkedPrefill: boolean;
  readonly prefixCaching: boolean;
  /** Most tokens of one request in a step; 0: no such cap. */
  readonly longPrefillTokenThreshold: number;
  readonly schedulingPolicy: "fcfs" | "priority";
  /** Fraction of the pool kept free of admissions. */
  readonly watermark: number;
  /** Admit a request only when all its known tokens fit. */
  readonly reserveFullIsl: boolean;
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
