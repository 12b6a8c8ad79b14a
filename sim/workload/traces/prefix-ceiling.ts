/**
 * The most that a prefix cache can save on a list of requests: a cache that never evicts, prompts alone (answers are not
 * kept), whole blocks, and at least one token of each prompt computed, as in vLLM.
 */
import type { ContentRuns, WorkloadRequest } from "../../../formats/index.js";

export interface PrefixCeiling {
  /** Prompt tokens that would be found in the cache. */
  readonly hitTokens: number;
  readonly promptTokens: number;
}

/** A run of equal tokens on the way from the root; two runs below one node never begin with the same token. */
interface TreeNode {
  tokens: number;
  readonly children: Map<number, TreeNode>;
}

/** The ceiling over all requests; undefined when none says what its prompt holds. */
export function prefixCeiling(requests: readonly WorkloadRequest[], blockTokens: number): PrefixCeiling | undefined {
  const root: TreeNode = { tokens: 0, children: new Map() };
  let hitTokens = 0;
  let promptTokens = 0;
  let hasContent = false;
  for (const request of requests) {
    promptTokens += request.promptTokens;
    if (request.content === undefined) continue;
    hasContent = true;
    const shared = Math.min(addPrompt(root, request.content), request.promptTokens - 1);
    hitTokens += Math.floor(shared / blockTokens) * blockTokens;
  }
  return hasContent ? { hitTokens, promptTokens } : undefined;
}

/** Adds a prompt to the tree; returns how many of its first tokens an earlier prompt began with. */
function addPrompt(root: TreeNode, content: ContentRuns): number {
  let node = root;
  let shared = 0;
  let isShared = true;
  for (const [tokenId, tokens] of content) {
    let left = tokens;
    while (left > 0) {
      const child = isShared ? node.children.get(tokenId) : undefined;
      if (child === undefined) {
        isShared = false;
        const added: TreeNode = { tokens: left, children: new Map() };
        node.children.set(tokenId, added);
        node = added;
        break;
      }
      const common = Math.min(child.tokens, left);
      if (common < child.tokens) splitAfter(node, child, tokenId, common);
      node = node.children.get(tokenId)!;
      shared += common;
      left -= common;
    }
  }
  return shared;
}

/** Cuts a run in two, so that a prompt can leave it in the middle. */
function splitAfter(parent: TreeNode, child: TreeNode, tokenId: number, tokens: number): void {
  const upper: TreeNode = { tokens, children: new Map([[tokenId, child]]) };
  child.tokens -= tokens;
  parent.children.set(tokenId, upper);
}
