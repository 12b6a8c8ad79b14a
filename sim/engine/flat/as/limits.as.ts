/** Limits of the scheduler, set from outside. */
import { Limits } from "../../../policy/vllm/scheduler/limits";

export let isAsynchronous: i32 = 0;
export let budget: i32 = 0;
export let slots: i32 = 0;
export let maxModelLen: i32 = 0;
export let maxNumBatchedTokens: i32 = 0;
export let watermarkBlocks: i32 = 0;
export let longPrefillTokenThreshold: i32 = 0;
export let adaptivePrefillCap: i32 = 0;
export let sparesLoneRequest: i32 = 0;
export let chunkedPrefill: i32 = 0;
export let reserveFullIsl: i32 = 0;

export function limits(): Limits {
  const set = new Limits();
  set.isAsynchronous = isAsynchronous !== 0;
  set.budget = budget;
  set.slots = slots;
  set.maxNumBatchedTokens = maxNumBatchedTokens;
  set.watermarkBlocks = watermarkBlocks;
  set.longPrefillTokenThreshold = longPrefillTokenThreshold;
  set.adaptivePrefillCap = adaptivePrefillCap !== 0;
  set.sparesLoneRequest = sparesLoneRequest !== 0;
  set.chunkedPrefill = chunkedPrefill !== 0;
  set.reserveFullIsl = reserveFullIsl !== 0;
  return set;
}
