/**
 * What the blocks of requests hold, as chains of nodes: a node is a run of blocks of one content after a given place of a given
 * node. Equal prefixes are the same nodes, so a prompt is some tens of nodes, not a thousand keys of blocks.
 */
import { InvariantError } from "../../../../formats/index.js";
import type { SchedulerRequest } from "../../step.js";
import { blockText } from "../prefix-keys.js";
import type { Extent } from "./extent.js";

/** A block of one token id is named by it, another by the text of its runs. */
type BlockContent = number | string;

export class ChainNode {
  /** Leading blocks of the run that are in the cache. */
  cached = 0;
  /** Where they are: what is found, from front to back without gaps. */
  readonly found: Extent[] = [];
  /** Other copies, in the order of registration; made when there is one. */
  spares: Extent[] | undefined;
  /** Runs that continue this one, by content; runs of one content that begin after different blocks are a list. */
  private children: Map<BlockContent, ChainNode> | undefined;
  private alike: ChainNode | undefined;

  /** `after`: how many blocks of the run before it follows. */
  constructor(private readonly after = 0) {}

  /** The run of blocks of this content after `after` blocks of this one. */
  child(content: BlockContent, after: number): ChainNode {
    this.children ??= new Map();
    const first = this.children.get(content);
    for (let known = first; known !== undefined; known = known.alike) if (known.after === after) return known;
    const node = new ChainNode(after);
    node.alike = first;
    this.children.set(content, node);
    return node;
  }
}

/** A request's blocks in order: `nodes[i]` has those up to `ends[i]`, from where the node before it ends. */
export interface Chain {
  readonly nodes: ChainNode[];
  readonly ends: number[];
}

/** The chain of a request's prompt, and behind it a node of its own for what no other request has. */
export function chainOf(root: ChainNode, request: SchedulerRequest, blockSize: number): Chain {
  const nodes: ChainNode[] = [];
  const ends: number[] = [];
  let latest: BlockContent | undefined;
  eachStretch(request, blockSize, (content, blocks) => {
    const last = nodes.length - 1;
    if (content === latest) {
      ends[last]! += blocks;
      return;
    }
    const start = ends[last] ?? 0;
    nodes.push((nodes[last] ?? root).child(content, last < 0 ? 0 : start - (ends[last - 1] ?? 0)));
    ends.push(start + blocks);
    latest = content;
  });
  nodes.push(new ChainNode());
  ends.push(Infinity);
  return { nodes, ends };
}

/** Calls back for each stretch of blocks of equal content that the prompt fills, in order. */
function eachStretch(
  { content = [], promptTokens }: SchedulerRequest,
  blockSize: number,
  tell: (content: BlockContent, blocks: number) => void,
): void {
  /** Runs of the block that is not full yet, and its tokens. */
  let mixed: [tokenId: number, tokens: number][] = [];
  let filled = 0;
  let tokensLeft = content.length === 0 ? 0 : promptTokens;
  for (let at = 0; at < content.length; at++) {
    const run = content[at]!;
    const tokenId = run[0];
    let left = Math.min(run[1], tokensLeft);
    tokensLeft -= left;
    if (filled > 0) {
      const taken = Math.min(left, blockSize - filled);
      const last = mixed.at(-1)!;
      if (last[0] === tokenId) last[1] += taken;
      else if (taken > 0) mixed.push([tokenId, taken]);
      filled += taken;
      left -= taken;
      if (filled < blockSize) continue;
      tell(mixed.length === 1 ? mixed[0]![0] : blockText(mixed), 1);
    }
    const blocks = Math.floor(left / blockSize);
    if (blocks > 0) tell(tokenId, blocks);
    filled = left - blocks * blockSize;
    if (filled > 0) mixed = [[tokenId, filled]];
  }
  if (tokensLeft > 0) throw new InvariantError(`the content of a request ends ${tokensLeft} tokens before its prompt`);
}
