/** KV blocks by their number, as in counted-blocks.ts. Where there is a prefix cache, the caller has it. */
import { cacheForget, cacheHold, cacheLookUp, cacheRegister, cacheRelease, cacheTake } from "./caller.as";
import { Request } from "./requests.as";

/** Set from outside: tokens in a block, whether there is a prefix cache, and the blocks, of which no request holds one at first. */
export let blockSize: i32 = 0;
export let isCaching: i32 = 0;
export let freeBlocks: i32 = 0;
/** The fewest free ones after any pass. */
export let fewestFreeBlocks: i32 = 0;
/** Set by a look-up: leading blocks of the request that are in the cache, and those of them that nobody holds. */
export let hits: i32 = 0;
export let idleHits: i32 = 0;

/** Looks for the first `knownTokens` of a request in the cache. */
export function lookUp(request: Request, knownTokens: i32): void {
  if (isCaching) cacheLookUp(request.index, knownTokens);
}

export function forgetLookUp(): void {
  hits = idleHits = 0;
}

/** Blocks that hold so many tokens. */
export function holding(tokens: i32): i32 {
  return (tokens + blockSize - 1) / blockSize;
}

export function takeBlocks(blocks: i32): void {
  freeBlocks -= blocks;
  if (isCaching && blocks > 0) cacheTake(blocks);
}

/** A pass is over. */
export function watchBlocks(): void {
  if (freeBlocks < fewestFreeBlocks) fewestFreeBlocks = freeBlocks;
}

/** A request begins with the hits of its look-up. */
export function hold(request: Request): void {
  if (!isCaching) return;
  freeBlocks -= idleHits;
  cacheHold(request.index);
}

/** The full blocks of a request's first `tokens` can be found from now on. */
export function register(request: Request, tokens: i32): void {
  if (isCaching) cacheRegister(request.index, tokens / blockSize);
}

/** Gives up the blocks of `tokens`, of which the full ones of the first `registered` can be found. */
export function release(request: Request, tokens: i32, registered: i32): void {
  const blocks = holding(tokens);
  register(request, registered);
  freeBlocks += isCaching ? cacheRelease(request.index, blocks) : blocks;
}

/** The request has ended. */
export function forget(request: Request): void {
  if (isCaching) cacheForget(request.index);
}
