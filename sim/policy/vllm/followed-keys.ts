/**
 * Block keys of requests that later ones follow: kept from a request's start until the last of its followers has come,
 * which then has them for its own. So a turn of a conversation makes keys for its new tokens only.
 */
import type { SchedulerRequest } from "../step.js";
import type { PrefixKeys } from "./prefix-keys.js";

export class FollowedKeys {
  /** Followers still to come, by the request that they follow. */
  private readonly followers = new Map<number, number>();
  private readonly kept = new Map<number, { keys: number[]; isOver: boolean }>();

  constructor(
    private readonly requests: readonly SchedulerRequest[],
    private readonly pool: PrefixKeys,
  ) {
    for (const { follows } of requests) {
      if (follows !== undefined) this.followers.set(follows.index, (this.followers.get(follows.index) ?? 0) + 1);
    }
  }

  /** A request comes; the known keys of its leading blocks, which it holds from now on. */
  start(index: number, blockSize: number): number[] {
    const { follows } = this.requests[index]!;
    const keys = follows === undefined ? [] : this.taken(follows.index, Math.floor(follows.tokens / blockSize));
    if (this.followers.has(index)) this.kept.set(index, { keys, isOver: false });
    return keys;
  }

  /** A request is over; its keys are let go, or kept for its followers. */
  end(index: number, keys: readonly number[]): void {
    const kept = this.kept.get(index);
    if (kept !== undefined && this.followers.has(index)) kept.isOver = true;
    else {
      this.kept.delete(index);
      this.release(keys, 0);
    }
  }

  /** A request will not come to this scheduler. */
  absent(index: number): void {
    const { follows } = this.requests[index]!;
    if (follows !== undefined) this.release(this.taken(follows.index, 0), 0);
    this.followers.delete(index);
  }

  private taken(index: number, blocks: number): number[] {
    const left = (this.followers.get(index) ?? 1) - 1;
    if (left > 0) this.followers.set(index, left);
    else this.followers.delete(index);
    const kept = this.kept.get(index);
    if (kept === undefined) return [];
    if (left > 0 || !kept.isOver) {
      const keys = kept.keys.slice(0, blocks);
      for (const key of keys) this.pool.hold(key);
      return keys;
    }
    this.kept.delete(index);
    this.release(kept.keys, blocks);
    kept.keys.length = Math.min(kept.keys.length, blocks);
    return kept.keys;
  }

  /** Lets go of the keys from place `from` on, the last first. */
  private release(keys: readonly number[], from: number): void {
    for (let at = keys.length - 1; at >= from; at--) this.pool.release(keys[at]!);
  }
}
