/** KV blocks by their number. What is the same for all requests is here; a prefix cache overrides the rest. */
import type { i32 } from "../../../kernel/numbers.js";
import type { Request } from "./request.js";

export class KvBlocks {
  /** Blocks that no request holds, and the fewest of them after any pass. */
  free: i32;
  fewestFree: i32;
  /** Of the request that was looked up last: its leading blocks that are cached, and those of them that nobody holds. */
  hits: i32 = 0;
  idleHits: i32 = 0;
  isCaching: boolean = false;
  /** Whether only numbers of blocks count, so that nobody need be told of a request's contents. */
  isPlain: boolean = true;

  constructor(
    readonly blockSize: i32,
    blocks: i32,
  ) {
    this.free = blocks;
    this.fewestFree = blocks;
  }

  /** Blocks that hold so many tokens. */
  holding(tokens: i32): i32 {
    return ((tokens + this.blockSize - 1) / this.blockSize) | 0;
  }

  /** Takes blocks for requests that are not named. */
  take(blocks: i32): void {
    this.free -= blocks;
  }

  /** Takes a request's next blocks. */
  takeFor(request: Request, blocks: i32): void {
    this.take(blocks);
  }

  /** A pass is over. */
  watch(): void {
    if (this.free < this.fewestFree) this.fewestFree = this.free;
  }

  /** Looks for the first `known` tokens of a request in the cache. */
  lookUp(request: Request, known: i32): void {
    this.forgetLookUp();
  }

  forgetLookUp(): void {
    this.hits = 0;
    this.idleHits = 0;
  }

  /** A request begins with the hits of its look-up. */
  hold(request: Request): void {
    this.free -= this.idleHits;
  }

  /** The full blocks of a request's first `tokens` can be found from now on. */
  register(request: Request, tokens: i32): void {
    return;
  }

  /** Gives up the blocks of `tokens`, of which the full ones of the first `registered` can be found. */
  release(request: Request, tokens: i32, registered: i32): void {
    this.free += this.holding(tokens);
  }

  /** The request has ended. */
  forget(request: Request): void {
    return;
  }
}
