/** Limits of the scheduler, set from outside. */
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
