/**
 * Goodput: how many requests met every latency objective that was asked for, as `vllm bench serve --goodput` counts.
 * Limits are milliseconds, inclusive.
 */
import type { RequestColumns } from "./request-columns.js";

/** Latency objectives; an absent one does not matter. */
export interface GoodputLimits {
  readonly ttftMs?: number | undefined;
  readonly tpotMs?: number | undefined;
  readonly e2elMs?: number | undefined;
}

/**
 * How many finished requests meet every limit. An answer of one token has no tpot and meets any (vLLM counts it as 0);
 * a time that the run does not know meets none.
 */
export function countGood(columns: RequestColumns, limits: GoodputLimits): number {
  const { rows, ok, arrivalNs, firstTokenNs, lastTokenNs, outputTokens } = columns;
  const { ttftMs, tpotMs, e2elMs } = limits;
  let good = 0;
  for (let row = 0; row < rows; row++) {
    if (ok[row] === 0) continue;
    const firstNs = firstTokenNs[row]!;
    const lastNs = lastTokenNs[row]!;
    const gaps = outputTokens[row]! - 1;
    if (ttftMs !== undefined && !((firstNs - arrivalNs[row]!) / 1e6 <= ttftMs)) continue;
    if (tpotMs !== undefined && !((gaps <= 0 ? 0 : (lastNs - firstNs) / 1e6 / gaps) <= tpotMs)) continue;
    if (e2elMs !== undefined && !((lastNs - arrivalNs[row]!) / 1e6 <= e2elMs)) continue;
    good++;
  }
  return good;
}
