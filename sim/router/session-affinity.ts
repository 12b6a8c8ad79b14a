/**
 * session-affinity: requests of a session, or else those whose prompts begin with the same block, go to one replica: the
 * least outstanding when the first of them came. They move when it no longer serves. A prompt shorter than a block, or
 * of which nothing is known, goes to the least outstanding. Memory: one entry per session or first block.
 */
import type { ContentRuns } from "../../formats/index.js";
import { leastOutstanding } from "./least-outstanding.js";
import type { PrefixRouterInput, RoutedRequest, Router } from "./router.js";

export function createSessionAffinity({ prefixCache }: PrefixRouterInput): Router {
  const homes = new Map<number | string, number>();
  return {
    route: (request, replicas) => {
      const key = keyOf(request, prefixCache.blockTokens);
      if (key === undefined) return leastOutstanding(replicas);
      const known = homes.get(key);
      if (known !== undefined && replicas.serving.includes(known)) return known;
      const home = leastOutstanding(replicas);
      homes.set(key, home);
      return home;
    },
  };
}

function keyOf({ session, prompt }: RoutedRequest, blockTokens: number): number | string | undefined {
  return session ?? firstBlock(prompt, blockTokens);
}

/** The text of a prompt's first block; undefined: it has no whole one. */
function firstBlock(prompt: ContentRuns, blockTokens: number): string | undefined {
  let text = "";
  let left = blockTokens;
  for (const [tokenId, tokens] of prompt) {
    const taken = Math.min(tokens, left);
    text += `${tokenId}*${taken},`;
    left -= taken;
    if (left === 0) return text;
  }
  return undefined;
}
