/** Token ids of prompts: tokenised, or seeded random where a request is known only by length, since costs depend on shapes alone. */
import type { Workload } from "../../formats/index.js";
import { stream, type Tokenize } from "../../sim/index.js";

export function promptIdsOf(workload: Workload, tokenize: Tokenize, seed: string, vocab: number): number[][] {
  const random = stream(`${seed}/0/token-ids`);
  return workload.requests.map((request) =>
    request.prompt === undefined
      ? Array.from({ length: request.promptTokens }, () => Math.floor(random() * vocab))
      : tokenize(request.prompt),
  );
}
