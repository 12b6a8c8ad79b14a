/**
 * A request inside the reference scheduler. Known tokens are prompt plus outputs so far; computed ones have their KV or
 * are scheduled to get it; there are no phases (vllm/v1/request.py, behaviour).
 */
import type { SchedulerRequest } from "../step.js";
import type { ContentReader } from "./content-reader.js";
import type { SchedulerLimits } from "./limits.js";
import { isRankedBehind } from "./rank.js";

/** A request with fields that only recorded decisions need. */
export interface ReplayRequest extends SchedulerRequest {
  /** This output, counted from 1, is the end-of-sequence token. */
  readonly eosAt?: number;
  /** This output, counted from 1, is a stop token. */
  readonly stopAt?: number;
  /** Neither of the two ends the request before so many outputs, nor does its length; without effect since 0.29. */
  readonly minTokens?: number;
  /** Requests of different salts share no blocks. */
  readonly salt?: string;
}

export type SequenceStatus = "waiting" | "running" | "preempted" | "finished";
export type FinishReason = "stop" | "length" | "abort";

export class Sequence {
  status: SequenceStatus = "waiting";
  outputs = 0;
  /** Prompt plus outputs. */
  known: number;
  computed = 0;
  /** Asynchronous only: outputs scheduled but not returned yet. */
  placeholders = 0;
  /** Tokens of steps scheduled but not updated, and the part of them from before a preemption. */
  inFlight = 0;
  stale = 0;
  /** The stale outputs are not to be delivered (the cache was reset by force). */
  dropsStale = false;
  /** Known tokens at the latest admission: below it the request is in prefill. */
  prefillEnd = 0;
  /** The latest step that samples an output of it. */
  sampledIn = -1;
  preemptions = 0;
  readonly blocks: number[] = [];
  /** Leading blocks that are registered in the prefix index. */
  cachedBlocks = 0;
  /** Keys of leading blocks as far as they were asked for. */
  keys: number[] = [];
  /** Where the next key's tokens are read; absent until one is asked for. */
  reader: ContentReader | undefined;
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly priority: number;

  constructor(
    readonly index: number,
    readonly arrivalNs: number,
    readonly request: ReplayRequest,
  ) {
    this.promptTokens = request.promptTokens;
    this.maxTokens = request.outputTokens;
    this.priority = request.priority ?? 0;
    this.known = request.promptTokens;
  }
}

/** Whether the latest output ends the request (vllm/v1/core/sched/utils.py, behaviour). */
export function finishReason(sequence: Sequence, { maxModelLen, rules }: SchedulerLimits): FinishReason | undefined {
  const { outputs, request } = sequence;
  // What min_tokens guards since 0.29, the detection of repetitions, is not modelled.
  if (!rules.endsBelowMinTokens && request.minTokens !== undefined && outputs < request.minTokens) return undefined;
  if (outputs === request.eosAt || outputs === request.stopAt) return "stop";
  if (sequence.known >= maxModelLen || outputs >= sequence.maxTokens) return "length";
  return undefined;
}

/** Place of the one of these running requests that is ranked last, the earliest admitted of equals. */
export function lastRanked(running: readonly Sequence[]): number {
  let last = 0;
  for (let at = 1; at < running.length; at++) {
    if (isRankedBehind(running[at]!, running[last]!)) last = at;
  }
  return last;
}
