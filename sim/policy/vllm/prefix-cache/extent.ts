/**
 * Blocks that lie one after another in a run of the chain (content-chain.ts) and have the same holders, as one thing;
 * and the queue of those that no request holds, in the order in which they are given up: of an extent the last block first.
 */
import type { ChainNode } from "./content-chain.js";

export class Extent {
  holders = 1;
  /** What was split off behind it, for holders of both. */
  upper: Extent | undefined = undefined;
  /** Neighbours in the queue; absent while held. */
  next: Extent | undefined = undefined;
  previous: Extent | undefined = undefined;
  /** Neighbours among those of its node that are found. */
  before: Extent | undefined = undefined;
  after: Extent | undefined = undefined;
  /** Of its blocks, from low to high; absent where blocks have no ids. */
  ids: number[] | undefined = undefined;

  /** Blocks `low` to `high`, without that, of the node; `isSpare`: others with their content are found first. */
  constructor(
    readonly node: ChainNode,
    public low: number,
    public high: number,
    public isSpare: boolean,
  ) {}

  get blocks(): number {
    return this.high - this.low;
  }
}

/** The free extents, the next to be given up first: a ring through a sentinel. */
export class FreeExtents {
  private readonly ring: Extent;

  constructor(node: ChainNode) {
    this.ring = new Extent(node, 0, 0, false);
    this.ring.next = this.ring;
    this.ring.previous = this.ring;
  }

  first(): Extent | undefined {
    return this.ring.next === this.ring ? undefined : this.ring.next;
  }

  last(): Extent | undefined {
    return this.ring.previous === this.ring ? undefined : this.ring.previous;
  }

  all(): Extent[] {
    const all: Extent[] = [];
    for (let extent = this.ring.next!; extent !== this.ring; extent = extent.next!) all.push(extent);
    return all;
  }

  push(extent: Extent): void {
    this.insert(extent, this.ring);
  }

  /** Puts one before another that is free. */
  insert(extent: Extent, before: Extent): void {
    const previous = before.previous!;
    extent.previous = previous;
    extent.next = before;
    previous.next = extent;
    before.previous = extent;
  }

  remove(extent: Extent): void {
    extent.previous!.next = extent.next;
    extent.next!.previous = extent.previous;
    extent.next = undefined;
    extent.previous = undefined;
  }
}
