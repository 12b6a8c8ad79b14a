/**
 * What one request went through, from its record: milliseconds, and output tokens per second. Every latency counts
 * from the arrival (when the client meant to send), so a client that sends late cannot hide it (coordinated omission).
 * Null where the record lacks a time that the formula needs.
 */
import type { RequestRecord } from "../../formats/index.js";

/** Time to first token: first token - arrival. */
export function ttftMs(request: RequestRecord): number | null {
  return gapMs(request.arrivalNs, request.firstTokenNs);
}

/** End-to-end latency: last token - arrival. */
export function e2elMs(request: RequestRecord): number | null {
  return gapMs(request.arrivalNs, request.lastTokenNs);
}

/** Time per output token after the first: (last token - first token) / (output tokens - 1); null for one token. */
export function tpotMs(request: RequestRecord): number | null {
  const decodeMs = gapMs(request.firstTokenNs, request.lastTokenNs);
  return decodeMs === null || request.outputTokens <= 1 ? null : decodeMs / (request.outputTokens - 1);
}

/** Queue time: scheduled - arrival. */
export function queueMs(request: RequestRecord): number | null {
  return gapMs(request.arrivalNs, request.scheduledNs);
}

/** How late the client sent: sent - arrival. */
export function clientDelayMs(request: RequestRecord): number | null {
  return gapMs(request.arrivalNs, request.sentNs);
}

/** Output tokens / e2el, in tokens per second; null when the latency is zero. */
export function throughputTokensPerS(request: RequestRecord): number | null {
  const latencyMs = e2elMs(request);
  return latencyMs === null || latencyMs <= 0 ? null : (request.outputTokens * 1000) / latencyMs;
}

/** Milliseconds between two times in ns; null when one is not known. */
export function gapMs(fromNs: number | undefined, toNs: number | undefined): number | null {
  return fromNs === undefined || toNs === undefined ? null : (toNs - fromNs) / 1e6;
}
