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
  /** Of requests that others are to follow. */
  private readonly kept = new Map<number, Chain>();

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
    const before = follows === undefined ? undefined : this.kept.get(follows.index);
    const from = before === undefined ? 0 : Math.min(Math.floor(follows!.tokens / blockSize), before.known);
    const builder = new ChainBuilder(this.root, before, from);
    eachStretch(requests, index, { from, blockSize }, (content, blocks) => {
      builder.add(content, blocks);
    });
    const chain = builder.chain();
    count(chain, 1);
    if (this.followers.has(index)) {
      this.kept.set(index, chain);
      count(chain, 1);
    }
    this.absent(index);
    return chain;
  }

  /** A request with this chain is over. */
  end(chain: Chain): void {
    count(chain, -1);
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
    const chain = this.kept.get(follows.index);
    this.kept.delete(follows.index);
    if (chain !== undefined) count(chain, -1);
  }
}

/** So many more need the chain. */
function count(chain: Chain, more: number): void {
  const tip = tipOf(chain);
  if (tip === undefined) return;
  tip.chains += more;
  tip.prune();
}
