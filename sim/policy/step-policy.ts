/**
 * A policy that runs steps, on a machine: how its schedulers are made, and what the engine around them and the cost
 * model must know. The counterpart of Policy (policy.ts), which runs whole batches.
 */
import type { GraphRules } from "../cost/index.js";
import type { SchedulerRequest, StepScheduler } from "./step.js";
import type { TokenCounts } from "./token-counts.js";

/** What the engine around a scheduler must know about its limits. Lengths are tokens. */
export interface EngineLimits {
  /** Which steps get a CUDA graph. */
  readonly rules: GraphRules;
  /** Slots: sizes CUDA graphs, and bounds the running list where there is no maxNumActiveSeqs. */
  readonly maxNumSeqs: number;
  /** Running requests at which admissions stop; absent: maxNumSeqs. */
  readonly maxNumActiveSeqs?: number | undefined;
  /** Infinity: a step may have any number of tokens. */
  readonly maxNumBatchedTokens: number;
  /** Token budget of a step, where it is less than maxNumBatchedTokens. */
  readonly maxNumScheduledTokens?: number | undefined;
  readonly maxModelLen: number;
  readonly chunkedPrefill: boolean;
  /** A server with this many unfinished requests rejects others; absent: none is rejected. */
  readonly maxNumQueuedReqs?: number | undefined;
  /** A server with this many prompt tokens that wait for a first token rejects requests; absent: none is rejected. */
  readonly maxNumQueuedTokens?: number | undefined;
}

/** Token budget of a step. */
export function stepBudget({ maxNumBatchedTokens, maxNumScheduledTokens = Infinity }: EngineLimits): number {
  return Math.min(maxNumBatchedTokens, maxNumScheduledTokens);
}

/** Running requests at which admissions stop. */
export function slotCount({ maxNumSeqs, maxNumActiveSeqs = maxNumSeqs }: EngineLimits): number {
  return maxNumActiveSeqs;
}

/** A workload as schedulers are made from it: `tokens` are the lengths of `requests`, by column. */
export interface SchedulerInput {
  readonly requests: readonly SchedulerRequest[];
  readonly tokens: TokenCounts;
  /** Whether the scheduler must be the policy's reference, where it has a faster one with the same decisions. */
  readonly isReference: boolean;
}

/** How the schedulers of a run are made: one for each replica. */
export interface SchedulerChoice {
  readonly make: () => StepScheduler;
  /**
   * Where those of make() are right only as long as nothing is preempted: makes the schedulers for a new run after a
   * preemption. Absent: make() is always right.
   */
  readonly afterPreemption?: () => StepScheduler;
}

/** The prefix cache of a policy that has one, on or off. */
export interface PrefixCacheSize {
  readonly blockTokens: number;
  /** Tokens that all its KV blocks hold. */
  readonly kvTokens: number;
}

export interface StepSchedulers {
  readonly limits: EngineLimits;
  /** Absent: the policy has no prefix cache. */
  readonly prefixCache?: PrefixCacheSize;
  /** Promise to admit requests in arrival order, apart from preempted ones. */
  readonly isFifo: boolean;
  choose(input: SchedulerInput): SchedulerChoice;
}

/** Limits that stop admissions. */
export const admissionLimits = ["seats", "kv_blocks", "token_budget"] as const;
export type AdmissionLimit = (typeof admissionLimits)[number];

export interface StepPolicy extends StepSchedulers {
  /** The settings in force, every default filled, those that depend on the machine too. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Sizes of CUDA graphs; undefined: vLLM's rule for the limits; empty: none. */
  readonly captureSizes: readonly number[] | undefined;
  /** Release of vLLM whose rules hold, where the policy has releases. */
  readonly vllmVersion?: string;
  /** Settings with twice as much of a limit, for each limit that can stop admissions. */
  readonly doubled: Readonly<Partial<Record<AdmissionLimit, Readonly<Record<string, number>>>>>;
}
