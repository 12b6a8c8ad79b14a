/** A server that keeps prompts: a repeated prompt is found to be cached, random ones are not. */
import { realClock } from "../../../real/clock.js";
import { startServerWatch } from "../../../real/vllm/server/index.js";
import type { Check } from "../run-checks.js";
import { tight } from "../variants.js";
import { complete, promptOf } from "./complete.js";

export const prefixCache: Check = {
  name: "the prefix cache shows in the server's view",
  variant: tight,
  run: async ({ server }) => {
    const cachedBy = async (work: () => Promise<unknown>): Promise<number> => {
      const watch = await startServerWatch(server.baseUrl, { everyMs: 0 });
      await work();
      return (await watch.stop(realClock.nowNs())).counters.cached_tokens ?? NaN;
    };
    await complete(server, promptOf(256), 1);
    const again = await cachedBy(() => complete(server, promptOf(256), 1));
    const other = await cachedBy(() => complete(server, promptOf(256).reverse(), 1));
    if (!(again >= 128))
      throw new Error(`a repeated prompt of 256 tokens: ${again} were cached, expected at least 128`);
    if (other !== 0) throw new Error(`another prompt: ${other} tokens were cached, expected none`);
    return `${again} of 256 tokens of a repeated prompt, none of another`;
  },
};
