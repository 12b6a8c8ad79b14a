/**
 * Goodput: how many requests met every latency objective that was asked for, as `vllm bench serve --goodput` counts.
 * Limits are milliseconds, inclusive.
 */
import type { RequestRecord } from "../../formats/index.js";
import { e2elMs, tpotMs, ttftMs } from "./request-metrics.js";

/** Latency objectives; an absent one does not matter. */
export interface GoodputLimits {
  readonly ttftMs?: number | undefined;
  readonly tpotMs?: number | undefined;
  readonly e2elMs?: number | undefined;
}

/**
 * Whether a finished request meets every limit. An answer of one token has no tpot and meets any (vLLM counts it as 0);
 * a time that the record lacks meets none.
 */
export function isGood(request: RequestRecord, limits: GoodputLimits): boolean {
  return (
    within(ttftMs(request), limits.ttftMs) &&
    within(request.outputTokens <= 1 ? 0 : tpotMs(request), limits.tpotMs) &&
    within(e2elMs(request), limits.e2elMs)
  );
}

function within(valueMs: number | null, limitMs: number | undefined): boolean {
  return limitMs === undefined || (valueMs !== null && valueMs <= limitMs);
}
