/**
 * prefix-aware: the replica with the highest
 *
 *     expected hit share - beta x outstanding / max(1, mean outstanding of those that serve),
 *
 * of equals the least outstanding, then the first. The hit share is the part of the prompt that an index of what was sent to
 * the replica expects in its cache (prompt-index.ts). The index is approximate: a prompt is in it as soon as it is sent, an
 * answer when a later prompt repeats it; it has as many tokens as the replica's KV blocks hold, and never hears what the
 * replica evicts. So do the routers of SGLang and of the Gateway API's inference extension estimate caches.
 */
import { PromptIndex } from "./prompt-index.js";
import type { PrefixRouterInput, Replicas, Router } from "./router.js";

export function createPrefixAware({ beta, prefixCache: { kvTokens } }: PrefixRouterInput): Router {
  const indexes = new Map<number, PromptIndex>();
  return {
    route: ({ prompt, promptTokens }, replicas) => {
      const { serving, outstanding } = replicas;
      forgetOthers(indexes, serving);
      const meanLoad = Math.max(1, meanOutstanding(replicas));
      let best = serving[0]!;
      let bestScore = -Infinity;
      for (const replica of serving) {
        const hits = indexes.get(replica)?.found(prompt) ?? 0;
        const score = hits / promptTokens - beta * (outstanding[replica]! / meanLoad);
        const isBetter = score > bestScore || (score === bestScore && outstanding[replica]! < outstanding[best]!);
        if (isBetter) [best, bestScore] = [replica, score];
      }
      let index = indexes.get(best);
      if (index === undefined) indexes.set(best, (index = new PromptIndex(kvTokens)));
      index.add(prompt);
      return best;
    },
  };
}

function meanOutstanding({ serving, outstanding }: Replicas): number {
  let sum = 0;
  for (const replica of serving) sum += outstanding[replica]!;
  return sum / serving.length;
}

/** A replica that no longer serves never does again. */
function forgetOthers(indexes: Map<number, PromptIndex>, serving: readonly number[]): void {
  if (indexes.size <= serving.length && serving.at(-1)! < serving.length) return;
  for (const replica of indexes.keys()) if (!serving.includes(replica)) indexes.delete(replica);
}
