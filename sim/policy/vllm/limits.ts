/** What both schedulers are made from: vLLM's settings with every default filled. */
import type { EngineLimits } from "../step-policy.js";
import type { VersionRules } from "./versions.js";

export interface SchedulerLimits extends EngineLimits {
  /** Rules that depend on the server's version. */
  readonly rules: VersionRules;
  readonly asyncScheduling: boolean;
  readonly blockSize: number;
  /** KV blocks, the null block included. */
  readonly numGpuBlocks: number;
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
}

/**
 * Most tokens of one request (long_prefill_token_threshold) in a pass that begins with `known` requests, running and waiting, whether they can be scheduled or not;
 * Infinity: none.
 */
export function prefillCap(limits: SchedulerLimits, known: number): number {
  const { longPrefillTokenThreshold: threshold, maxNumBatchedTokens, rules } = limits;
  if (threshold === 0 || (rules.sparesLoneRequest && known <= 1)) return Infinity;
  if (limits.adaptivePrefillCap !== true) return threshold;
  return Math.max(threshold, Math.floor(maxNumBatchedTokens / known));
}
