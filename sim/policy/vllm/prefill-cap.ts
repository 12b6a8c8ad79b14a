/**
 * Most tokens that one request may have in a pass (long_prefill_token_threshold), which depends on the other known
 * requests.
 */
import type { SchedulerLimits } from "./limits.js";

/**
 * The cap of a pass that begins with `known` requests, running and waiting, whether they can be scheduled or not;
 * Infinity: none.
 */
export function prefillCap(limits: SchedulerLimits, known: number): number {
  const { longPrefillTokenThreshold: threshold, maxNumBatchedTokens, rules } = limits;
  if (threshold === 0 || (rules.sparesLoneRequest && known <= 1)) return Infinity;
  if (limits.adaptivePrefillCap !== true) return threshold;
  return Math.max(threshold, Math.floor(maxNumBatchedTokens / known));
}
