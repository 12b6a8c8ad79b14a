/** The scheduler of the run; a prefix cache and an order of priorities are the caller's. */
import { KvBlocks } from "../../../policy/vllm/scheduler/kv-blocks";
import { Ranking } from "../../../policy/vllm/scheduler/ranking";
import { Request } from "../../../policy/vllm/scheduler/request";
import { Scheduler } from "../../../policy/vllm/scheduler/scheduler";
import {
  arrived,
  cacheForget,
  cacheHold,
  cacheLookUp,
  cacheRegister,
  cacheRelease,
  cacheTake,
  isRankedBehind,
  isServedBefore,
} from "./caller.as";
import { limits } from "./limits.as";

/** Set from outside: tokens in a block, the blocks, and whether the caller has a prefix cache and an order of priorities. */
export let blockSize: i32 = 0;
export let totalBlocks: i32 = 0;
export let isCaching: i32 = 0;
export let isRanked: i32 = 0;
/** Set by a look-up in the cache. */
export let hits: i32 = 0;
export let idleHits: i32 = 0;

export let scheduler: Scheduler = changetype<Scheduler>(0);

export function beginScheduler(longestOutput: i32): void {
  const blocks = isCaching ? new CachedBlocks(blockSize, totalBlocks) : new KvBlocks(blockSize, totalBlocks);
  scheduler = new Scheduler(limits(), blocks, isRanked ? new CallersRanking() : null, longestOutput, false);
}

class CachedBlocks extends KvBlocks {
  constructor(blockSize: i32, blocks: i32) {
    super(blockSize, blocks);
    this.isCaching = true;
    this.isPlain = false;
  }

  take(blocks: i32): void {
    this.free -= blocks;
    if (blocks > 0) cacheTake(blocks);
  }

  lookUp(request: Request, known: i32): void {
    cacheLookUp(request.index, known);
    this.hits = hits;
    this.idleHits = idleHits;
  }

  hold(request: Request): void {
    this.free -= this.idleHits;
    cacheHold(request.index);
  }

  register(request: Request, tokens: i32): void {
    cacheRegister(request.index, tokens / this.blockSize);
  }

  release(request: Request, tokens: i32, registered: i32): void {
    this.register(request, registered);
    this.free += cacheRelease(request.index, this.holding(tokens));
  }

  forget(request: Request): void {
    cacheForget(request.index);
  }
}

class CallersRanking extends Ranking {
  arrived(request: Request): void {
    arrived(request.index, request.arrivedNs);
  }

  isServedBefore(request: Request, other: Request): boolean {
    return isServedBefore(request.index, other.index);
  }

  isRankedBehind(request: Request, other: Request): boolean {
    return isRankedBehind(request.index, other.index);
  }
}
