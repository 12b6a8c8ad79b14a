/** What a scheduler may do in a pass. Lengths are tokens. */
import type { i32 } from "../../../kernel/numbers.js";

/** Where there is no cap on the tokens of one request in a pass. */
export const NO_CAP: i32 = 2147483647;

export class Limits {
  isAsynchronous: boolean = false;
  /** The token budget of a pass, and the running requests at which admissions stop. */
  budget: i32 = 0;
  slots: i32 = 0;
  maxNumBatchedTokens: i32 = 0;
  /** Blocks that an admission leaves free while others run. */
  watermarkBlocks: i32 = 0;
  longPrefillTokenThreshold: i32 = 0;
  adaptivePrefillCap: boolean = false;
  sparesLoneRequest: boolean = false;
  chunkedPrefill: boolean = true;
  reserveFullIsl: boolean = true;

  /** Most tokens of one request in a pass that begins with `known` requests, running and waiting, whether they can be scheduled or not. */
  prefillCap(known: i32): i32 {
    const threshold = this.longPrefillTokenThreshold;
    if (threshold === 0 || known === 0 || (this.sparesLoneRequest && known === 1)) return NO_CAP;
    if (!this.adaptivePrefillCap) return threshold;
    const share: i32 = (this.maxNumBatchedTokens / known) | 0;
    return share > threshold ? share : threshold;
  }
}
