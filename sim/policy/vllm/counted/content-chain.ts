/**
 * What the blocks of requests hold, as a tree of nodes (a radix tree): a node is a run of blocks of given contents, one after
 * another, behind a given place of its parent. Equal prefixes lie in the same nodes, and a prompt that goes on where a node
 * ends makes it longer. So the turns of a conversation are one node, not thousands of blocks, and a branch is one more.
 */
import type { Extent } from "./extent.js";

/** A block of one token id is named by it, another by the text of its runs. */
export type BlockContent = number | string;

export class ChainNode {
  /** Leading blocks that are in the cache. */
  cached = 0;
  /** Where they are: what is found, from front to back without gaps. */
  readonly found: Extent[] = [];
  /** Other copies, in the order of registration; made when there is one. */
  spares: Extent[] | undefined;
  /** Requests that need a chain which ends in it. */
  chains = 0;
  /** Its pieces, blocks of one content each: no two neighbours of the same; `ends[i]`: blocks up to the end of piece `i`. */
  private readonly contents: BlockContent[] = [];
  private readonly ends: number[] = [];
  /** Nodes that leave this one, by their first content; those of one content at different places are a list. */
  private children: Map<BlockContent, ChainNode> | undefined;
  private alike: ChainNode | undefined;

  /** It begins with `content` behind the first `after` blocks of `parent`. */
  constructor(
    private readonly parent?: ChainNode,
    private readonly after = 0,
    content?: BlockContent,
  ) {
    if (content === undefined) return;
    this.contents.push(content);
    this.ends.push(0);
  }

  get blocks(): number {
    return this.ends.at(-1) ?? 0;
  }

  /** The piece that block `place` is in. */
  pieceAt(place: number): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** How many blocks of that content piece `piece` has from block `place` on. */
  fits(piece: number, place: number, content: BlockContent): number {
    return this.contents[piece] === content ? this.ends[piece]! - place : 0;
  }

  endsPiece(piece: number, place: number): boolean {
    return this.ends[piece] === place;
  }

  /** Makes it longer. */
  append(content: BlockContent, blocks: number): void {
    const last = this.contents.length - 1;
    if (this.contents[last] === content) this.ends[last]! += blocks;
    else {
      this.ends.push(this.blocks + blocks);
      this.contents.push(content);
    }
  }

  /** The node that leaves this one with that content behind its first `after` blocks. */
  child(content: BlockContent, after: number): ChainNode | undefined {
    let known = this.children?.get(content);
    while (known !== undefined && known.after !== after) known = known.alike;
    return known;
  }

  addChild(content: BlockContent, after: number): ChainNode {
    const node = new ChainNode(this, after, content);
    this.children ??= new Map();
    node.alike = this.children.get(content);
    this.children.set(content, node);
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
    const { chains, found, spares, children } = this;
    return chains + found.length + (spares?.length ?? 0) + (children?.size ?? 0) === 0;
  }

  private remove(child: ChainNode): void {
    const content = child.contents[0]!;
    let before = this.children!.get(content)!;
    if (before !== child) {
      while (before.alike !== child) before = before.alike!;
      before.alike = child.alike;
    } else if (child.alike === undefined) this.children!.delete(content);
    else this.children!.set(content, child.alike);
  }
}

/** A request's blocks in order: `nodes[i]` has those up to `ends[i]`, from where the node before it ends. */
export interface Chain {
  readonly nodes: readonly ChainNode[];
  readonly ends: readonly number[];
  /** Blocks of known content. Those behind them are in the last node, which no other chain has. */
  readonly known: number;
}

/** The node that the last block of known content is in. */
export function tipOf({ nodes }: Chain): ChainNode | undefined {
  return nodes[nodes.length - 2];
}

/** Makes a chain from front to back: all of it, or from the first `blocks` of another one on. */
export class ChainBuilder {
  private readonly nodes: ChainNode[];
  private readonly ends: number[];
  /** Where the next block comes: its place in the node, and the piece that it is in. */
  private node: ChainNode;
  private place = 0;
  private piece = 0;
  /** Blocks so far. */
  private known = 0;

  constructor(root: ChainNode, start?: Chain, blocks = 0) {
    this.nodes = [];
    this.ends = [];
    this.node = root;
    if (start === undefined || blocks === 0) return;
    const last = start.ends.findIndex((end) => end >= blocks);
    this.nodes = start.nodes.slice(0, last);
    this.ends = start.ends.slice(0, last);
    this.known = blocks;
    this.node = start.nodes[last]!;
    this.place = blocks - (this.ends.at(-1) ?? 0);
    this.piece = this.node.pieceAt(this.place);
  }

  /** The next blocks, of one content. */
  add(content: BlockContent, blocks: number): void {
    let left = blocks;
    while (left > 0) {
      const fitting = Math.min(left, this.node.fits(this.piece, this.place, content));
      if (fitting > 0) {
        left -= fitting;
        this.pass(fitting);
        continue;
      }
      const child = this.node.child(content, this.place);
      if (child !== undefined) this.enter(child);
      else {
        if (this.place < this.node.blocks) this.enter(this.node.addChild(content, this.place));
        this.node.append(content, left);
        this.pass(left);
        return;
      }
    }
  }

  /** The chain so far, and behind it a node of its own for what no other request has. */
  chain(): Chain {
    this.enter(new ChainNode());
    const { nodes, ends, known } = this;
    nodes.push(this.node);
    ends.push(Infinity);
    return { nodes, ends, known };
  }

  private pass(blocks: number): void {
    this.place += blocks;
    this.known += blocks;
    if (this.node.endsPiece(this.piece, this.place)) this.piece++;
  }

  private enter(child: ChainNode): void {
    if (this.place > 0) {
      this.nodes.push(this.node);
      this.ends.push(this.known);
    }
    this.node = child;
    this.place = 0;
    this.piece = 0;
  }
}
