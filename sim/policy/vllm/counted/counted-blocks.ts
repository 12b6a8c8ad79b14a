/** KV blocks by their number: those that no request holds, and with prefix caching what of a request is in the cache (PrefixCache). */
import type { SchedulerRequest } from "../../step.js";
import type { SchedulerLimits } from "../limits.js";
import { PrefixCache } from "./prefix-cache.js";

export class CountedBlocks {
  /** Blocks that no request holds, and the fewest of them after any pass. */
  free: number;
  fewestFree: number;
  private readonly blockSize: number;
  private readonly cache: PrefixCache | undefined;

  constructor(limits: SchedulerLimits, requests: readonly SchedulerRequest[]) {
    this.blockSize = limits.blockSize;
    this.free = limits.numGpuBlocks - 1;
    this.fewestFree = this.free;
    if (limits.prefixCaching) this.cache = new PrefixCache(requests, limits.blockSize, this.free);
  }

  get isCaching(): boolean {
    return this.cache !== undefined;
  }

  /** Of the request that was looked up last: its leading blocks that are in the cache, and those of them that nobody holds. */
  get hits(): number {
    return this.cache?.hitBlocks ?? 0;
  }

  get idleHits(): number {
    return this.cache?.idleHits ?? 0;
  }

  /** Looks for the first `known` tokens of a request in the cache. */
  lookUp(request: number, known: number): void {
    this.cache?.lookUp(request, known);
  }

  forgetLookUp(): void {
    this.cache?.forgetLookUp();
  }

  /** Blocks that hold so many tokens. */
  holding(tokens: number): number {
    return Math.ceil(tokens / this.blockSize);
  }

  take(blocks: number): void {
    this.free -= blocks;
    this.cache?.take(blocks);
  }

  /** A pass is over. */
  watch(): void {
    if (this.free < this.fewestFree) this.fewestFree = this.free;
  }

  /** A request begins with the hits of its look-up. */
  hold(request: number): void {
    if (this.cache === undefined) return;
    this.free -= this.cache.idleHits;
    this.cache.hold(request);
  }

  /** The full blocks of a request's first `tokens` can be found from now on. */
  register(request: number, tokens: number): void {
    this.cache?.register(request, Math.floor(tokens / this.blockSize));
  }

  /** Gives up the blocks of `tokens`, of which the full ones of the first `registered` can be found. */
  release(request: number, tokens: number, registered: number): void {
    const blocks = this.holding(tokens);
    this.register(request, registered);
    this.free += this.cache === undefined ? blocks : this.cache.release(request, blocks);
  }

  /** The request has ended. */
  forget(request: number): void {
    this.cache?.forget(request);
  }

  /** The request will not come. */
  absent(request: number): void {
    this.cache?.absent(request);
  }
}
