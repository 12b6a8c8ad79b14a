/**
 * The prompts lately sent to a replica, as a radix tree with one node for each run of the same token id. It holds a
 * limited number of tokens; beyond that it forgets the least recently sent, ends before beginnings, as a cache evicts
 * blocks. A parent is always more recent than its children, so the oldest node is a leaf. O(runs of the prompt) per prompt.
 */
import type { ContentRuns } from "../../formats/index.js";

class Node {
  children: Map<number, Node> | undefined;
  /** Neighbours by recency; its own when it is in no list. */
  older: Node = this;
  newer: Node = this;

  constructor(
    readonly tokenId: number,
    public tokens: number,
    public parent: Node | undefined,
  ) {}

  adopt(child: Node): Node {
    child.parent = this;
    this.children ??= new Map();
    this.children.set(child.tokenId, child);
    return child;
  }

  unlink(): void {
    this.older.newer = this.newer;
    this.newer.older = this.older;
  }
}

export class PromptIndex {
  /** The empty prompt; in the ring of recency it is between the newest and the oldest. */
  private readonly root = new Node(-1, 0, undefined);
  private held = 0;

  constructor(private readonly mostTokens: number) {}

  /** Tokens in the index. */
  get tokens(): number {
    return this.held;
  }

  /** How many of a prompt's first tokens are here. No two neighbours of its runs have one id. */
  found(prompt: ContentRuns): number {
    let node = this.root;
    let found = 0;
    for (const [tokenId, tokens] of prompt) {
      for (let left = tokens; left > 0;) {
        const child = node.children?.get(tokenId);
        if (child === undefined) return found;
        found += Math.min(child.tokens, left);
        if (child.tokens > left) return found;
        left -= child.tokens;
        node = child;
      }
    }
    return found;
  }

  add(prompt: ContentRuns): void {
    let node = this.root;
    for (const [tokenId, tokens] of prompt) {
      for (let left = tokens; left > 0; left -= node.tokens) {
        const child = node.children?.get(tokenId);
        if (child === undefined) {
          node = node.adopt(new Node(tokenId, left, node));
          this.held += left;
        } else node = child.tokens > left ? this.split(child, left) : child;
      }
    }
    for (let at = node; at !== this.root; at = at.parent!) this.touch(at);
    this.forget();
  }

  /** Cuts a node in two behind its first `tokens`, and returns the first part. */
  private split(child: Node, tokens: number): Node {
    const upper = child.parent!.adopt(new Node(child.tokenId, tokens, child.parent));
    child.tokens -= tokens;
    upper.adopt(child);
    return upper;
  }

  /** Makes a node the newest. */
  private touch(node: Node): void {
    const { root } = this;
    node.unlink();
    node.older = root.older;
    node.newer = root;
    root.older.newer = node;
    root.older = node;
  }

  private forget(): void {
    while (this.held > this.mostTokens) {
      const oldest = this.root.newer;
      const excess = this.held - this.mostTokens;
      if (oldest.tokens > excess) {
        oldest.tokens -= excess;
        this.held -= excess;
        return;
      }
      oldest.unlink();
      oldest.parent!.children!.delete(oldest.tokenId);
      this.held -= oldest.tokens;
    }
  }
}
