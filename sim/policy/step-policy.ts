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

/** Limits of a scheduler over paged KV blocks, with every default filled. */
export interface CountedLimits extends EngineLimits {
  /** `sparesLoneRequest`: longPrefillTokenThreshold does not cut a request that is alone. */
  readonly rules: GraphRules & { readonly sparesLoneRequest: boolean; readonly freesUnkeyedFirst: boolean };
  readonly asyncScheduling: boolean;
  readonly blockSize: number;
  /** KV blocks, the null block included. */
  readonly numGpuBlocks: number;
  readonly prefixCaching: boolean;
  /** Most tokens of one request in a step; 0: no such cap. */
  readonly longPrefillTokenThreshold: number;
  /** That cap is at least an equal share of maxNumBatchedTokens; absent: it is not. */
  readonly adaptivePrefillCap?: boolean;
  readonly schedulingPolicy: "fcfs" | "priority";
  /** Fraction of the pool kept free of admissions. */
  readonly watermark: number;
  /** Admit a request only when all its known tokens fit. */
  readonly reserveFullIsl: boolean;
}

/** Token budget of a step. */
export function stepBudget({ maxNumBatchedTokens, maxNumScheduledTokens = Infinity }: EngineLimits): number {
  return Math.min(maxNumBatchedTokens, maxNumScheduledTokens);
}

/** Running requests at which admissions stop. */
export function slotCount({ maxNumSeqs, maxNumActiveSeqs = maxNumSeqs }: EngineLimits): number {
  return maxNumActiveSeqs;
}

/** Data parallelism as vLLM runs it: engines with seats and KV blocks of their own behind one front end. */
export interface DataParallel {
  readonly ranks: number;
  /** Whether the ranks take each step together, as those of a model with experts do; otherwise each goes its own way. */
  readonly isLockstep: boolean;
  readonly rules: DataParallelRules;
}

/** What the server's version decides of it. */
export interface DataParallelRules {
  /**
   * The front end counts what it has sent to a rank and not seen answered, minds KV pressure and takes turns among equals;
   * before, it weighed waiting requests four times and took the first of equals.
   */
  readonly countsInFlight: boolean;
  /** Ranks also report counts before a step, as soon as they have taken requests in. */
  readonly reportsBeforeSteps: boolean;
  /** Steps after which the ranks agree on whether any has work left. */
  readonly syncSteps: number;
  /** They agree after the first step of a wave, too. */
  readonly syncsFirstStep: boolean;
}

/** A workload as schedulers are made from it: `tokens` are the lengths of `requests`, by column. */
export interface SchedulerInput {
  readonly requests: readonly SchedulerRequest[];
  readonly tokens: TokenCounts;
  /** Whether make() must be right whatever happens; otherwise the run may have to begin again after a preemption. */
  readonly isReference: boolean;
  /** Whether the scheduler must say what each request does in each step. */
  readonly saysWork?: boolean;
}

/** How the schedulers of a run are made: one for each replica. */
export interface SchedulerChoice {
  readonly make: () => StepScheduler;
  /** Limits, where those of make() only count: the compiled engine decides the same. */
  readonly counted?: CountedLimits | undefined;
  /**
   * Where those of make() are right only as long as nothing is preempted: the schedulers for a new run after a preemption.
   * Absent: make() is always right.
   */
  readonly afterPreemption?: SchedulerChoice;
}

/** The prefix cache of a policy that has one, on or off. */
export interface PrefixCacheSize {
  readonly blockTokens: number;
  /** Tokens that all KV blocks of a server hold, those of all its ranks. */
  readonly kvTokens: number;
}

export interface StepSchedulers {
  readonly limits: EngineLimits;
  /** Absent: the policy has no prefix cache. */
  readonly prefixCache?: PrefixCacheSize;
  /** Promise to admit requests in arrival order, apart from preempted ones. */
  readonly isFifo: boolean;
  /** Absent: one engine. Limits are those of each. */
  readonly dataParallel?: DataParallel | undefined;
  choose(input: SchedulerInput): SchedulerChoice;
}

/** Requests that a server runs at a time, all its ranks together. */
export function serverSlots({ limits, dataParallel }: Pick<StepSchedulers, "limits" | "dataParallel">): number {
  return slotCount(limits) * (dataParallel?.ranks ?? 1);
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
