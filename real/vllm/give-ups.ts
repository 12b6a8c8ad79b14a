/** What clients that gave up or tried again came to, as far as they saw it: the server alone knows what it computed. */
import type { Workload } from "../../formats/index.js";
import type { GiveUpSummary } from "../../sim/index.js";
import type { ExchangeLog } from "./exchange-log.js";

/**
 * Wasted are the prompts of requests that had a first token, less what was cached, and the tokens that came. Of a server that does
 * not count along, a chunk counts as one token.
 */
export function giveUpsOf(exchanges: ExchangeLog, { requests }: Workload): GiveUpSummary {
  let [answered, beforeToken, inAnswer, promptTokens, outputTokens] = [0, 0, 0, 0, 0];
  for (const { failure, chunkNs, ...exchange } of exchanges) {
    if (failure === undefined) answered++;
    if (failure?.kind !== "gave_up") continue;
    if (chunkNs.length === 0) beforeToken++;
    else {
      inAnswer++;
      promptTokens += Math.max(0, (exchange.promptTokens ?? 0) - (exchange.cachedTokens ?? 0));
      outputTokens += exchange.outputTokens ?? chunkNs.length;
    }
  }
  return {
    aborted: beforeToken + inAnswer,
    aborted_before_first_token: beforeToken,
    aborted_in_answer: inAnswer,
    retried: Math.max(0, exchanges.count - requests.length),
    unanswered: requests.length - answered,
    wasted_prompt_tokens: promptTokens,
    wasted_output_tokens: outputTokens,
  };
}
