/** KV blocks whose content is known, as a scheduler uses them; in addition their ids, and what the cache was asked. */
import type { SchedulerRequest } from "../../step.js";
import { KvBlocks, type Request } from "../scheduler/index.js";
import { PrefixCache, type PrefixCacheOptions } from "./prefix-cache.js";
import { PrefixStatistics } from "./prefix-statistics.js";

export interface CachedBlocksOptions extends PrefixCacheOptions {
  readonly blockSize: number;
  /** Without the null block. */
  readonly blocks: number;
  /** Whether prefixes are found; otherwise blocks only have ids. */
  readonly prefixCaching: boolean;
}

export class CachedBlocks extends KvBlocks {
  private readonly cache: PrefixCache;
  private statistics = new PrefixStatistics();

  constructor(requests: readonly SchedulerRequest[], options: CachedBlocksOptions) {
    super(options.blockSize, options.blocks);
    this.isCaching = options.prefixCaching;
    this.isPlain = false;
    this.cache = new PrefixCache(requests, options.blockSize, options.blocks, options);
  }

  override take(blocks: number): void {
    this.free -= blocks;
    this.cache.take(blocks);
  }

  override takeFor({ index }: Request, blocks: number): void {
    this.free -= blocks;
    this.cache.takeFor(index, blocks);
  }

  override lookUp({ index }: Request, known: number): void {
    if (!this.isCaching) return;
    this.cache.lookUp(index, known);
    this.hits = this.cache.hitBlocks;
    this.idleHits = this.cache.idleHits;
  }

  override hold(request: Request): void {
    super.hold(request);
    if (!this.isCaching) return;
    this.cache.hold(request.index);
    this.statistics.count(request.target, this.hits * this.blockSize, request.preemptions > 0);
  }

  override register({ index }: Request, tokens: number): void {
    if (this.isCaching) this.cache.register(index, Math.floor(tokens / this.blockSize));
  }

  override release(request: Request, tokens: number, registered: number): void {
    this.register(request, registered);
    this.free += this.cache.release(request.index, this.holding(tokens));
  }

  override forget({ index }: Request): void {
    this.cache.forget(index);
  }

  /** The request will not come. */
  absent(index: number): void {
    this.cache.absent(index);
  }

  blocksOf(index: number): readonly number[] {
    return this.cache.blocksOf(index);
  }

  freeQueue(): readonly number[] {
    return this.cache.freeQueue();
  }

  /** What the cache was asked and held since the latest call. */
  takeStatistics(): PrefixStatistics {
    const taken = this.statistics;
    this.statistics = new PrefixStatistics();
    return taken;
  }
}
