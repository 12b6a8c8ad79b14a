/** What both schedulers are made from: vLLM's settings with every default filled. */
import type { CountedLimits } from "../step-policy.js";
import type { VersionRules } from "./versions.js";

export interface SchedulerLimits extends CountedLimits {
  /** Rules that depend on the server's version. */
  readonly rules: VersionRules;
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
