/**
 * What requests hold, as a tree of nodes (a radix tree): a node is a run of tokens of given ids, one after another, behind a
 * given token of its parent. Equal prefixes lie in the same nodes, and a prompt that goes on where a node ends makes it longer.
 * So the turns of a conversation are one node, not thousands of blocks, and a branch is one more.
 * A block lies in the node that its last token is in: two blocks are in one place exactly if all tokens up to their ends are
 * equal. Tokens and blocks are numbered from the beginning of the request.
 */
import type { Extent } from "./extent.js";
import { shorten } from "./shorten.js";

const NO_RUNS: readonly number[] = [];

export class ChainNode {
  /** End of those of its blocks that are in the cache, all its leading ones. */
  cached: number;
  /** Where they are, what is found: the first and the last of a list from front to back without gaps. */
  first: Extent | undefined;
  last: Extent | undefined;
  /** Other copies, in the order of registration; made when there is one. */
  spares: Extent[] | undefined;
  /** Chains that end in it and are needed. */
  chains = 0;
  /** Whether blocks of unknown content lie behind its tokens: it cannot become longer. */
  isClosed = false;
  /** Where its tokens end so far. */
  end: number;
  /** Of each of its runs the id and the end; no two neighbours of one id. */
  private runs = NO_RUNS as number[];
  /** Nodes that leave this one, by their first id; those of one id at different tokens are a list. */
  private children: Map<number, ChainNode> | undefined;
  private alike: ChainNode | undefined;

  /** Its first token is `start`, its first block `firstBlock`. */
  constructor(
    readonly firstBlock = 0,
    readonly start = 0,
    readonly parent?: ChainNode,
  ) {
    this.cached = firstBlock;
    this.end = start;
    this.first = undefined;
    this.last = undefined;
    this.spares = undefined;
    this.children = undefined;
    this.alike = undefined;
  }

  /** The run that token `at` is in, or that would begin with it. */
  runAt(at: number): number {
    let [low, high] = [0, this.runs.length / 2];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.runs[2 * middle + 1]! > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Where run `run` ends if it is of that id; 0: it is of another, or there is none. */
  endOf(run: number, tokenId: number): number {
    const { runs } = this;
    return 2 * run < runs.length && runs[2 * run] === tokenId ? runs[2 * run + 1]! : 0;
  }

  endsRun(run: number, at: number): boolean {
    return this.runs[2 * run + 1] === at;
  }

  /** Makes it longer; how many runs it has then. */
  append(tokenId: number, tokens: number): number {
    const { runs } = this;
    this.end += tokens;
    // Not made by pushing: V8 gives a list that grows room for many more.
    if (runs.length === 0) this.runs = [tokenId, this.end];
    else if (runs[runs.length - 2] === tokenId) runs[runs.length - 1] = this.end;
    else runs.push(tokenId, this.end);
    return this.runs.length / 2;
  }

  /** The node that leaves this one at token `at` with that id. */
  child(tokenId: number, at: number): ChainNode | undefined {
    let known = this.children?.get(tokenId);
    while (known !== undefined && known.start !== at) known = known.alike;
    return known;
  }

  /** `block`: the one that token `at` is in. */
  addChild(tokenId: number, at: number, block: number): ChainNode {
    const node = new ChainNode(block, at, this);
    this.children ??= new Map();
    node.alike = this.children.get(tokenId);
    this.children.set(tokenId, node);
    return node;
  }

  /** Takes it out of the tree, and each above it, as far as no chain, block or other node needs them. */
  prune(): void {
    let above = this.leave();
    while (above !== undefined) above = above.leave();
  }

  /** Leaves the tree if nothing needs it; its parent then. */
  private leave(): ChainNode | undefined {
    const { parent } = this;
    if (parent === undefined || !this.isIdle) return undefined;
    parent.remove(this);
    return parent;
  }

  /** Whether no chain ends in it, no block of it is in the cache and no other node leaves it. */
  get isIdle(): boolean {
    const { chains, first, spares, children } = this;
    return chains === 0 && first === undefined && (spares?.length ?? 0) + (children?.size ?? 0) === 0;
  }

  /** What is found behind `before`, first of all without. */
  link(extent: Extent, before: Extent | undefined): void {
    const after = before === undefined ? this.first : before.after;
    extent.before = before;
    extent.after = after;
    if (before === undefined) this.first = extent;
    else before.after = extent;
    if (after === undefined) this.last = extent;
    else after.before = extent;
  }

  unlink({ before, after }: Extent): void {
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
  }

  private remove(child: ChainNode): void {
    const tokenId = child.runs[0]!;
    let before = this.children!.get(tokenId)!;
    if (before !== child) {
      while (before.alike !== child) before = before.alike!;
      before.alike = child.alike;
    } else if (child.alike === undefined) this.children!.delete(tokenId);
    else this.children!.set(tokenId, child.alike);
  }
}

/** A request's tokens in order, named from front to back, and where its blocks lie. Can be used again for another request. */
export class Chain {
  /** Of its blocks, `nodes[i]` has those up to `ends[i]`, from where the node before it ends. */
  readonly nodes: ChainNode[] = [];
  readonly ends: number[] = [];
  /** Tokens so far; the node that the next one is in if it goes on like that, and the run of it. */
  tokens = 0;
  tip: ChainNode;
  /** Who needs it: its request, and those that follow. */
  users = 0;
  private run = 0;

  constructor(
    private readonly root: ChainNode,
    private readonly blockSize: number,
  ) {
    this.tip = root;
  }

  /** Becomes another one, without tokens. */
  restart(): void {
    shorten(this.nodes, 0);
    shorten(this.ends, 0);
    this.tip = this.root;
    this.tokens = 0;
    this.run = 0;
  }

  /** Begins with the first `tokens` of another chain. */
  begin({ tip, nodes, ends }: Chain, tokens: number): void {
    let node = tip;
    while (node.parent !== undefined && node.start >= tokens) node = node.parent;
    for (let at = 0; at < nodes.length && ends[at]! <= node.firstBlock; at++) {
      this.nodes.push(nodes[at]!);
      this.ends.push(ends[at]!);
    }
    this.tip = node;
    this.tokens = tokens;
    this.run = node.runAt(tokens);
  }

  /** The next `tokens`, of one id. */
  add(tokenId: number, tokens: number): void {
    const to = this.tokens + tokens;
    while (this.tokens < to) {
      const { tip } = this;
      const end = tip.endOf(this.run, tokenId);
      if (end > 0) this.pass(Math.min(end, to));
      else this.branch(tokenId, to);
    }
  }

  /** No more tokens of it are known. */
  finish(): void {
    this.leave(Math.floor(this.tokens / this.blockSize));
  }

  /** Its blocks so far; endless with those of `own`. */
  get blocks(): number {
    return this.ends.length === 0 ? 0 : this.ends[this.ends.length - 1]!;
  }

  /** It goes on with what no other request has: in the node that it ends in if that ends there too, else in one of its own. */
  own(): void {
    const { tip, nodes, ends, blocks } = this;
    const isTipOpen = this.tokens === tip.end && !tip.isClosed;
    const node = isTipOpen ? tip : new ChainNode(blocks);
    node.isClosed = true;
    if (nodes[nodes.length - 1] === node) ends[ends.length - 1] = Infinity;
    else {
      nodes.push(node);
      ends.push(Infinity);
    }
  }

  private pass(to: number): void {
    this.tokens = to;
    if (this.tip.endsRun(this.run, to)) this.run++;
  }

  /** Goes on where its node does not: in one that leaves it there, or by making it longer. */
  private branch(tokenId: number, to: number): void {
    const { tip, tokens } = this;
    const child = tip.child(tokenId, tokens);
    if (child !== undefined) {
      this.enter(child);
      return;
    }
    if (tokens < tip.end || tip.isClosed)
      this.enter(tip.addChild(tokenId, tokens, Math.floor(tokens / this.blockSize)));
    this.run = this.tip.append(tokenId, to - tokens);
    this.tokens = to;
  }

  private enter(child: ChainNode): void {
    this.leave(child.firstBlock);
    this.tip = child;
    this.run = 0;
  }

  /** Its blocks from `block` on are not in this node. */
  private leave(block: number): void {
    if (block === this.tip.firstBlock) return;
    this.nodes.push(this.tip);
    this.ends.push(block);
  }
}
