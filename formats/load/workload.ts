/** A workload: the explicit list of requests that a run serves, and the CSV form users write by hand. */
import { z } from "zod";
import { count } from "../kinds.js";
import type { RequestTurn } from "./session.js";

/**
 * The content of a prompt, as runs of one token id repeated, in order. Two prompts share a prefix exactly as far as
 * their runs agree. A trace's block hash stands for its block: one run of the block's length under the hash's id.
 */
export type ContentRuns = readonly (readonly [tokenId: number, tokens: number])[];

export function contentTokens(runs: ContentRuns): number {
  return runs.reduce((sum, [, tokens]) => sum + tokens, 0);
}

/**
 * Where a prompt begins: with the first `tokens` of the prompt and answer of an earlier request, by its place in the
 * list.
 */
export interface Follows {
  readonly index: number;
  readonly tokens: number;
}

/** One request. Without an arrival time it is issued by a closed-loop client. Lengths are tokens. */
export interface WorkloadRequest {
  readonly id: string;
  readonly arrivalNs?: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly prompt?: string;
  /**
   * Drives prefix-cache hits; absent: shared with no other request. Its tokens sum to promptTokens, less those it
   * follows.
   */
  readonly content?: ContentRuns;
  /** Absent: the prompt begins with `content`. */
  readonly follows?: Follows;
  /** Content of the answer, for prompts that continue it; absent: no prompt does. Its tokens sum to outputTokens. */
  readonly answer?: ContentRuns;
  /** Of a workload of sessions. */
  readonly turn?: RequestTurn;
  /** Name of its class, of a load with classes. */
  readonly class?: string;
  /** Lower is served earlier, under a priority policy; absent: 0. */
  readonly priority?: number;
  /**
   * The limit of the answer, where it ends by itself (EOS, a stop token) if it is shorter: the server does not know
   * outputTokens before. Infinity: as much as the context holds. Absent: outputTokens.
   */
  readonly maxTokens?: number;
  /** The client gives up without a first token, or without the whole answer, so long after it sent the request. */
  readonly ttftPatienceNs?: number;
  readonly e2elPatienceNs?: number;
}

/** What clients do about a request that failed: send it again, at most `most` times. */
export interface Retries {
  readonly most: number;
  /** Pause before attempt `a` (from 1) of request `i`: at `i most + a - 1`. */
  readonly pausesNs: Float64Array;
}

/** Requests in issue order, and how many may be outstanding (Infinity: open loop). */
export interface Workload {
  readonly requests: readonly WorkloadRequest[];
  readonly maxConcurrency: number;
  readonly thinkNs: number;
  /** Absent: what failed is not sent again. */
  readonly retries?: Retries;
  /**
   * Its requests are turns of `count` sessions, of which at most `maxConcurrent` are under way (Infinity: no limit).
   */
  readonly sessions?: { readonly count: number; readonly maxConcurrent: number };
  /** What the reader of a run should know about its requests (rows left out, say), a sentence each. */
  readonly notes?: readonly string[];
}

/** Nanoseconds stay whole numbers up to here, 104 days. */
export const LATEST_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1e6);

/** Longest prompt or answer of a request, tokens; beyond the context of any model. */
export const MAX_TOKENS = 10_000_000;

const tokens = z.coerce.number<string>().pipe(count.max(MAX_TOKENS));

/** A row of `arrival_ms,prompt_tokens,output_tokens[,request_id][,priority]`. */
export const workloadRowSchema = z.strictObject({
  arrival_ms: z.string().regex(/\S/, "expected a number").pipe(z.coerce.number<string>().nonnegative().max(LATEST_MS)),
  prompt_tokens: tokens,
  output_tokens: tokens,
  request_id: z.string().min(1).optional(),
  priority: z.coerce.number<string>().pipe(z.int()).optional(),
});

export const promptsSchema = z.array(z.string().regex(/\S/, "expected a prompt with at least one word")).min(1);
