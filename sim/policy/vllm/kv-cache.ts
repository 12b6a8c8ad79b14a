/**
 * Which blocks each request holds: allocation when tokens are scheduled, the longest cached prefix of an admission, and
 * registration of full blocks. Source: vllm/v1/core/kv_cache_manager.py (behaviour).
 */
import { InvariantError } from "../../../formats/index.js";
import { BlockPool } from "./block-pool.js";
import { ContentReader } from "./content-reader.js";
import { FollowedKeys } from "./followed-keys.js";
import { blockText, ROOT_KEY } from "./prefix-keys.js";
import type { SchedulerLimits } from "./limits.js";
import type { ReplayRequest, Sequence } from "./sequence.js";

export class KvCache {
  readonly pool: BlockPool;
  /** What the latest lookup found; the first `hitBlocks` count. Blocks among them that no request holds. */
  private readonly hits: number[] = [];
  private hitBlocks = 0;
  private idleHits = 0;
  private readonly watermarkBlocks: number;
  private readonly blockSize: number;
  /** Key that stands before the first block of a salted request. */
  private readonly salts = new Map<string, number>();

  private readonly followed: FollowedKeys;

  constructor(
    private readonly limits: SchedulerLimits,
    private readonly requests: readonly ReplayRequest[],
  ) {
    this.pool = new BlockPool(limits.numGpuBlocks, limits.rules.freesUnkeyedFirst);
    this.followed = new FollowedKeys(limits.prefixCaching ? requests : [], this.pool.keys);
    this.blockSize = limits.blockSize;
    this.watermarkBlocks = Math.floor(limits.watermark * limits.numGpuBlocks);
  }

  /** Blocks that so many tokens fill or begin. */
  blocksFor(tokens: number): number {
    return Math.ceil(tokens / this.blockSize);
  }

  /** Room for the next `tokens` of a running request; false, and nothing changed, when there are too few blocks. */
  grow(sequence: Sequence, tokens: number): boolean {
    const end = sequence.computed + tokens;
    const { blocks } = sequence;
    if (blocks.length * this.blockSize < end) {
      const target = this.blocksFor(Math.min(end, this.limits.maxModelLen));
      if (target - blocks.length > this.pool.freeBlocks) return false;
      while (blocks.length < target) blocks.push(this.pool.take());
    }
    if (this.limits.prefixCaching) this.cacheUpTo(sequence, Math.min(end, sequence.known));
    return true;
  }

  /**
   * Looks for the longest prefix in the cache, for the admission that follows; its tokens. At least one known token is
   * left to compute, so that there is something to sample from.
   */
  lookUp(sequence: Sequence): number {
    this.hitBlocks = 0;
    this.idleHits = 0;
    if (!this.limits.prefixCaching) return 0;
    const most = Math.floor((sequence.known - 1) / this.blockSize);
    while (this.hitBlocks < most) {
      // A key that is not made yet and is like no other cannot be in the cache.
      if (this.hitBlocks === sequence.keys.length && this.isOwn(sequence)) break;
      const block = this.pool.find(this.keyAt(sequence, this.hitBlocks));
      if (block === 0) break;
      if (this.pool.isFree(block)) this.idleHits++;
      this.hits[this.hitBlocks++] = block;
    }
    return this.hitBlocks * this.blockSize;
  }

  /** Whether the latest lookup found blocks that no request holds, which can be lost while the request waits. */
  get hasIdleHits(): boolean {
    return this.idleHits > 0;
  }

  /**
   * Whether blocks that a running request is still to register may be those that the request just looked up misses
   * first: up to there their prefixes are the same.
   */
  mayComplete(lookedUp: Sequence, running: Sequence): boolean {
    const { cachedBlocks, keys, request } = running;
    if (request.answer === undefined || cachedBlocks > this.hitBlocks) return false;
    return cachedBlocks === 0 || keys[cachedBlocks - 1] === lookedUp.keys[cachedBlocks - 1];
  }

  /** Whether the request just looked up can be admitted with a first chunk of `tokens`. */
  canAdmit(sequence: Sequence, tokens: number, others: number): boolean {
    const { reserveFullIsl, maxModelLen } = this.limits;
    const guard = others > 0 ? this.watermarkBlocks : 0;
    const spare = this.pool.freeBlocks - guard - this.idleHits + this.hitBlocks;
    const end = this.hitBlocks * this.blockSize + tokens;
    // The whole prompt must fit now, although only the first chunk is taken (scheduler_reserve_full_isl).
    const wanted = reserveFullIsl ? Math.max(end, sequence.known) : end;
    return Math.max(this.blocksFor(Math.min(wanted, maxModelLen)), this.hitBlocks) <= spare;
  }

  /** Gives a request that canAdmit its hits and the blocks of its first chunk. */
  admit(sequence: Sequence, tokens: number): void {
    const { blocks } = sequence;
    if (blocks.length > 0) throw new InvariantError(`request ${sequence.index} holds KV blocks while it waits`);
    for (let at = 0; at < this.hitBlocks; at++) {
      const block = this.hits[at]!;
      this.pool.touch(block);
      blocks.push(block);
    }
    sequence.cachedBlocks = this.hitBlocks;
    const end = this.hitBlocks * this.blockSize + tokens;
    const target = this.blocksFor(Math.min(end, this.limits.maxModelLen));
    while (blocks.length < target) blocks.push(this.pool.take());
    if (this.limits.prefixCaching) this.cacheUpTo(sequence, Math.min(end, sequence.known));
  }

  /** Registers the full blocks of the first `tokens`, as far as they are not yet. */
  cacheUpTo(sequence: Sequence, tokens: number): void {
    while ((sequence.cachedBlocks + 1) * this.blockSize <= tokens) {
      const at = sequence.cachedBlocks++;
      this.pool.register(sequence.blocks[at]!, this.keyAt(sequence, at));
    }
  }

  /** The request holds no blocks from now on; it keeps its keys. */
  release(sequence: Sequence): void {
    this.pool.release(sequence.blocks);
    sequence.blocks.length = 0;
    sequence.cachedBlocks = 0;
  }

  /** The request enters the engine. */
  enter(sequence: Sequence): void {
    if (this.limits.prefixCaching) sequence.keys = this.followed.start(sequence.index, this.blockSize);
  }

  /** The request has ended: only those that follow it need its keys. */
  forget(sequence: Sequence): void {
    this.followed.end(sequence.index, sequence.keys);
    sequence.keys = [];
    sequence.reader = undefined;
  }

  /** The request will not come. */
  absent(index: number): void {
    if (this.limits.prefixCaching) this.followed.absent(index);
  }

  private keyAt(sequence: Sequence, block: number): number {
    const { keys } = sequence;
    while (keys.length <= block) keys.push(this.nextKey(sequence));
    return keys[block]!;
  }

  /** Whether the next key would be like no other request's. */
  private isOwn(sequence: Sequence): boolean {
    return this.readerOf(sequence).isOwn(this.blockSize);
  }

  private nextKey(sequence: Sequence): number {
    const { keys: known } = sequence;
    const { keys } = this.pool;
    const reader = this.readerOf(sequence);
    const parent = known.length > 0 ? known[known.length - 1]! : this.rootOf(sequence);
    const tokenId = reader.takeRun(this.blockSize);
    if (tokenId !== undefined) return keys.ofRun(parent, tokenId);
    const runs = reader.take(this.blockSize);
    if (runs === undefined) return keys.fresh();
    if (runs.length === 1) return keys.ofRun(parent, runs[0]![0]);
    return keys.ofText(parent, blockText(runs));
  }

  private readerOf(sequence: Sequence): ContentReader {
    sequence.reader ??= new ContentReader(this.requests, sequence.index, sequence.keys.length * this.blockSize);
    return sequence.reader;
  }

  private rootOf({ request: { salt } }: Sequence): number {
    if (salt === undefined) return ROOT_KEY;
    const known = this.salts.get(salt);
    if (known !== undefined) return known;
    const root = this.pool.keys.fresh();
    this.salts.set(salt, root);
    return root;
  }
}
