/** What the engine asks of the run that it is in: the methods of `Caller` in caller.ts. */

/** The pace at a time outside the window, which then moves. */
export declare function movePace(atNs: f64): f64;
/** Fills the block of a stream. */
export declare function refillStream(stream: i32): void;
/** The means of steps of so many requests go to this place. */
export declare function fillMeans(requests: i32, place: usize): void;
/** What a step with a prefill of so many tokens takes on the GPU, without what its attention reads. */
export declare function meanPrefillNs(tokens: i32): f64;
/** How long the front end is held up now; sets `stallTokens`. */
export declare function heldNs(): f64;

/** The caller takes so many gaps, or completed requests, from their tables; `tokens` have reached clients so far. */
export declare function takeGaps(count: i32): void;
export declare function takeEnds(count: i32, tokens: f64): void;
/** A gap that does not fit among the others. */
export declare function takeGap(gapNs: f64, weight: i32): void;
/** When a request had its first token, as soon as that is known. */
export declare function firstToken(index: i32, atNs: f64): void;

/** As the methods of PrefixCache; a look-up sets `hits` and `idleHits`. */
export declare function cacheLookUp(index: i32, knownTokens: i32): void;
export declare function cacheHold(index: i32): void;
export declare function cacheTake(blocks: i32): void;
export declare function cacheRegister(index: i32, blocks: i32): void;
export declare function cacheRelease(index: i32, blocks: i32): i32;
export declare function cacheForget(index: i32): void;

/** Under the priority policy: the server has a request that reached it at that time. */
export declare function arrived(index: i32, atNs: f64): void;
/** Whether the first of two is served before the other one, and whether it is preempted before it. */
export declare function isServedBefore(index: i32, other: i32): bool;
export declare function isRankedBehind(index: i32, other: i32): bool;
