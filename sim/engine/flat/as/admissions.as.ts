/** Which waiting requests a pass admits. */
import { blockSize, forgetLookUp, freeBlocks, hits, hold, holding, idleHits, lookUp, takeBlocks } from "./blocks.as";
import {
  adaptivePrefillCap,
  chunkedPrefill,
  longPrefillTokenThreshold,
  maxNumBatchedTokens,
  reserveFullIsl,
  slots,
  sparesLoneRequest,
  watermarkBlocks,
} from "./limits.as";
import { compute, pass, putPrefill, registerComputed, wanted } from "./pass.as";
import { PREFILLING } from "./requests.as";
import { running } from "./running.as";
import { Step } from "./steps.as";
import { firstWaiting, takeFirst, waitingRequests } from "./waiting.as";

@unmanaged
class Admissions {
  count: i32;
}
const ADMISSIONS_AT = memory.data(offsetof<Admissions>(), 16);
const admissions = changetype<Admissions>(ADMISSIONS_AT);

export function beginAdmissions(): void {
  admissions.count = 0;
}

export function admit(step: Step, budgetLeft: i32): void {
  let left = budgetLeft;
  while (waitingRequests() > 0 && admitsHead(left)) {
    const request = firstWaiting();
    const found = hits;
    const cachedTokens = found * blockSize;
    request.computed = cachedTokens;
    const tokens = min(wanted(request), left);
    takeFirst();
    running.push(request);
    request.admission = admissions.count++;
    request.state = PREFILLING;
    if (isNaN(request.scheduledNs)) {
      request.scheduledNs = pass.atNs;
      request.cachedTokens = cachedTokens;
    }
    hold(request);
    takeBlocks(holding(cachedTokens + tokens) - found);
    registerComputed(request, tokens);
    left -= tokens;
    if (!compute(request, tokens, step)) putPrefill(pass.prefills++, request);
  }
}

/** Whether the next waiting request can start with so much budget left. */
export function admitsHead(left: i32): bool {
  forgetLookUp();
  if (left <= 0 || running.length >= slots) return false;
  const request = firstWaiting();
  const known = request.target;
  lookUp(request, known);
  const cachedTokens = hits * blockSize;
  const asked = min(known - cachedTokens, pass.cap);
  if (!chunkedPrefill && asked > left) return false;
  const guard = running.length > 0 ? watermarkBlocks : 0;
  const gated = reserveFullIsl ? known : cachedTokens + min(asked, left);
  return holding(gated) - hits + idleHits + guard <= freeBlocks;
}

/** As prefillCap() of limits.ts. */
export function prefillCap(): i32 {
  const known = running.length + waitingRequests();
  if (longPrefillTokenThreshold === 0 || (sparesLoneRequest && known <= 1)) return i32.MAX_VALUE;
  if (!adaptivePrefillCap) return longPrefillTokenThreshold;
  return known === 0 ? i32.MAX_VALUE : max(longPrefillTokenThreshold, maxNumBatchedTokens / known);
}
