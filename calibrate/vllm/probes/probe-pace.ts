/**
 * How long a server will take for a probe, roughly, from a handful of timings: enough to fit a plan into a budget, of no
 * use for anything else. Milliseconds.
 */
import { greatest } from "../../../formats/index.js";

/** A request as it is sent; its offset counts from the start of its group. */
export interface SentRequest {
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Of no meaning where requests go one by one. */
  readonly offsetMs: number;
}

export interface Pace {
  /** A request of one token, one output: all that is not computing. */
  readonly fixedMs: number;
  readonly prefillTokenMs: number;
  /** A decode step of one request, and of `batch` requests. */
  readonly decodeStepMs: number;
  readonly batch: number;
  readonly batchStepMs: number;
  /** What a prompt that joins running decodes holds them up by, beyond its tokens: a longer launch. Absent: nothing. */
  readonly joinMs?: number | undefined;
}

/** A decode step of this many requests, on the line through the two that were timed. */
export function stepMs(pace: Pace, requests: number): number {
  const { decodeStepMs, batch, batchStepMs } = pace;
  if (batch <= 1) return decodeStepMs;
  const perRequest = Math.max(0, batchStepMs - decodeStepMs) / (batch - 1);
  return decodeStepMs + perRequest * (requests - 1);
}

/** Requests sent together: their prompts one after another, then steps that shrink as they end. */
export function togetherMs(pace: Pace, requests: readonly SentRequest[]): number {
  const promptTokens = requests.reduce((sum, request) => sum + request.promptTokens, 0);
  const longest = greatest(requests.map(({ outputTokens }) => outputTokens));
  const lastMs = greatest(requests.map(({ offsetMs }) => offsetMs));
  return pace.fixedMs + lastMs + promptTokens * pace.prefillTokenMs + longest * stepMs(pace, requests.length);
}

/** Requests sent one after another. */
export function oneByOneMs(pace: Pace, requests: readonly SentRequest[]): number {
  return requests.reduce((sum, request) => sum + togetherMs(pace, [request]), 0);
}

/** Most requests per second that a server with this many slots can serve, of such mean lengths. */
export function capacityPerS(pace: Pace, slots: number, mean: { promptTokens: number; outputTokens: number }): number {
  const prefillMs = (pace.joinMs ?? 0) + mean.promptTokens * pace.prefillTokenMs;
  const decodeMs = (mean.outputTokens * stepMs(pace, slots)) / slots;
  return 1e3 / (prefillMs + decodeMs);
}
