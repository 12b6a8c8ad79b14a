/**
 * The interface of cost models for the steps of continuous batching, in whole nanoseconds. Two clocks: the
 * GPU computes, the host schedules, launches and takes results. A machine with one clock has a host that takes no time.
 */
import type { DecodeLaw } from "./decode-law.js";
import type { DecodeTimes } from "./decode-times.js";
import type { PacedCosts } from "./server/index.js";
import type { RangeUse } from "./range-use.js";

/** Token counts over all requests of a step. */
export interface StepShape {
  readonly scheduledRequests: number;
  readonly scheduledTokens: number;
  readonly decodeRequests: number;
  /** Cached tokens that the decodes read. */
  readonly decodeContextTokens: number;
  readonly prefillRequests: number;
  readonly prefillTokens: number;
  readonly prefillContextTokens: number;
  /** Sum over prefill chunks of q tokens after c cached ones of q*c + q*(q+1)/2. */
  readonly prefillAttentionPairs: number;
  /** Prefill chunks of one token, the last of its prompt, over an existing context; absent: 0. */
  readonly promptRests?: number;
  /** Requests that get an output token; absent: all. */
  readonly samplingRequests?: number;
  /** Data parallel ranks that take it together, and the tokens of all of them; the rest is of the largest. Absent: one. */
  readonly ranks?: { readonly count: number; readonly tokens: number };
}

export interface HostCost {
  /** A call that begins at `atNs`. */
  scheduleNs(step: StepShape, atNs: number): number;
  /** A launch that begins at `atNs`; times do not go back. */
  launchNs(step: StepShape, atNs: number): number;
  /** How far into the step's launch, which takes `launchNs`, the GPU may begin. */
  leadNs(step: StepShape, launchNs: number): number;
  /** From the end of its scheduling to the end of a step on the GPU, which had nothing to do before. */
  idleSpanNs(step: StepShape, launchNs: number, gpuNs: number): number;
  /** A call that begins at `atNs`. */
  updateNs(requests: number, atNs: number): number;
  /** Sampled tokens to the host, and outputs to the front end. */
  readonly copyNs: number;
  readonly sendNs: number;
  /** A request out of the input queue; an idle engine noticing one. */
  readonly takeRequestNs: number;
  readonly wakeNs: number;
  /** Pause after a step without tokens while requests wait, or an end that the worker has yet to hear of. */
  readonly emptyStepSleepNs: number;
}

/** Engine outputs that the front end handles at once. */
export interface OutputJob {
  readonly tokens: number;
  /** What is written to clients: tokens of one request, though of several outputs, go in one. */
  readonly chunks: number;
  /** Tokens that are the first of their request. */
  readonly firstTokens: number;
}

export interface FrontEndCost {
  /** From the client to the front end and back to it, occupying nothing. */
  readonly acceptNs: number;
  readonly deliveryNs: number;
  requestNs(promptTokens: number, atNs: number): number;
  readonly hops: number;
  hopNs(atNs: number): number;
  hopGapNs(atNs: number): number;
  outputNs(job: OutputJob, atNs: number): number;
  /** The part of it that comes after half of its chunks are written; at most the whole. */
  restNs(job: OutputJob): number;
  /** How much later than the end of its job a first chunk is at its client. */
  firstWaitNs(job: OutputJob): number;
}

export interface StepCostModel {
  readonly host: HostCost;
  /** Absent: clients talk to the engine without a process in between. */
  readonly frontEnd?: FrontEndCost;
  /** Whether equal questions get different answers, so that nothing has a closed form. */
  readonly isSampled?: boolean;
  gpuNs(step: StepShape): number;
  /** Drawn times of rounds that decode this many requests; rangeUse does not see them. Absent: times are not drawn. */
  decodeTimes?(requests: number): DecodeTimes;
  /** All costs by their parts, where every time is drawn and the host's share one pace. Who draws from it asks nothing else. */
  readonly paced?: PacedCosts | undefined;
  /** The GPU times from a step on that decodes so many requests with this many cached tokens. */
  decodeLaw(requests: number, contextTokens: number): DecodeLaw;
  /**
   * What was asked beyond the measured range so far; absent: nothing was measured. Jumps report their decodes to it.
   */
  readonly rangeUse?: RangeUse;
}

/** A host that takes no time. */
export const noHost: HostCost = {
  scheduleNs: () => 0,
  launchNs: () => 0,
  leadNs: () => 0,
  idleSpanNs: (_, launchNs, gpuNs) => Math.max(launchNs, gpuNs),
  updateNs: () => 0,
  copyNs: 0,
  sendNs: 0,
  takeRequestNs: 0,
  wakeNs: 0,
  emptyStepSleepNs: 0,
};
