/**
 * The chains of requests (content-chain.ts): one is kept while its request is in the engine, and until the last of those that
 * follow it has come, which goes on from there. So a turn of a conversation names its new tokens only.
 */
import type { SchedulerRequest } from "../../step.js";
import { ChainBuilder, tipOf, type Chain, type ChainNode } from "./content-chain.js";
import { eachStretch } from "./stretches.js";

export class RequestChains {
  /** Followers still to come, by the request that they follow. */
  private readonly followers = new Map<number, number>();
  /** Of requests that others are to follow, and whether they are over. */
  private readonly kept = new Map<number, { readonly chain: Chain; isOver: boolean }>();

  constructor(
    private readonly root: ChainNode,
    private readonly requests: readonly SchedulerRequest[],
    private readonly blockSize: number,
  ) {
    for (const { follows } of requests) {
      if (follows !== undefined) this.followers.set(follows.index, (this.followers.get(follows.index) ?? 0) + 1);
    }
  }

  /** A request comes. */
  start(index: number): Chain {
    const { requests, blockSize } = this;
    const { follows } = requests[index]!;
    const before = follows === undefined ? undefined : this.kept.get(follows.index)?.chain;
    const from = before === undefined ? 0 : Math.min(Math.floor(follows!.tokens / blockSize), before.known);
    const builder = new ChainBuilder(this.root, before, from);
    eachStretch(requests, index, { from, blockSize }, (content, blocks) => {
      builder.add(content, blocks);
    });
    const chain = builder.chain();
    const tip = tipOf(chain);
    if (tip !== undefined) tip.chains++;
    if (this.followers.has(index)) this.kept.set(index, { chain, isOver: false });
    this.absent(index);
    return chain;
  }

  /** A request is over. */
  end(index: number, chain: Chain): void {
    const kept = this.kept.get(index);
    if (kept === undefined) letGo(chain);
    else kept.isOver = true;
  }

  /** A request has come, or will not come to this engine: it needs the one that it follows no more. */
  absent(index: number): void {
    const { follows } = this.requests[index]!;
    if (follows === undefined) return;
    const left = (this.followers.get(follows.index) ?? 1) - 1;
    if (left > 0) {
      this.followers.set(follows.index, left);
      return;
    }
    this.followers.delete(follows.index);
    const kept = this.kept.get(follows.index);
    if (kept === undefined) return;
    this.kept.delete(follows.index);
    if (kept.isOver) letGo(kept.chain);
  }
}

function letGo(chain: Chain): void {
  const tip = tipOf(chain);
  if (tip === undefined) return;
  tip.chains--;
  tip.prune();
}
