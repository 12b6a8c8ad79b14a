/** long-apart: prompts of 4000 tokens or more go to the first replica, so that short ones do not wait behind them. */
import type { Router } from "./router.js";

export function createLongApart(): Router {
  return {
    route: ({ promptTokens }, { serving, outstanding }) => {
      const [first, ...others] = serving;
      if (promptTokens >= 4000 || others.length === 0) return first!;
      return others.reduce((least, replica) => (outstanding[replica]! < outstanding[least]! ? replica : least));
    },
  };
}
