/**
 * What the blocks of requests hold, as chains of nodes: a node is a run of blocks of one content after a given place of a given
 * node. Equal prefixes are the same nodes, so a prompt is some tens of nodes, not a thousand keys of blocks.
 */
import { InvariantError } from "../../../../formats/index.js";
import type { SchedulerRequest } from "../../step.js";
import type { Extent } from "./extent.js";

/** A block of one token id is named by it, another by the text of its runs. */
type BlockContent = number | string;

export class ChainNode {
  /** Leading blocks of the run that are in the cache. */
  cached = 0;
  /** Where they are: what is found, from front to back without gaps, and other copies, in the order of registration. */
  readonly found: Extent[] = [];
  readonly spares: Extent[] = [];
  /** Runs that go on from here, by what they are. */
  private readonly children = new Map<BlockContent, ChainNode[]>();

  /** `after`: so many blocks of the run before. */
  constructor(private readonly after = 0) {}

  /** The run of blocks of this content after `after` blocks of this one. */
  child(content: BlockContent, after: number): ChainNode {
    const alike = this.children.get(content);
    const known = alike?.find((node) => node.after === after);
    if (known !== undefined) return known;
    const node = new ChainNode(after);
    if (alike === undefined) this.children.set(content, [node]);
    else alike.push(node);
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
  for (const [tokenId, tokens] of content) {
    let left = Math.min(tokens, tokensLeft);
    tokensLeft -= left;
    if (filled > 0) {
      const taken = Math.min(left, blockSize - filled);
      const last = mixed.at(-1)!;
      if (last[0] === tokenId) last[1] += taken;
      else if (taken > 0) mixed.push([tokenId, taken]);
      filled += taken;
      left -= taken;
      if (filled < blockSize) continue;
      tell(mixed.length === 1 ? mixed[0]![0] : mixed.map(([id, count]) => `${id}*${count}`).join(), 1);
    }
    const blocks = Math.floor(left / blockSize);
    if (blocks > 0) tell(tokenId, blocks);
    filled = left - blocks * blockSize;
    mixed = [[tokenId, filled]];
  }
  if (tokensLeft > 0) throw new InvariantError(`the content of a request ends ${tokensLeft} tokens before its prompt`);
}
