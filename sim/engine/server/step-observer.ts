/**
 * An observer of an engine that takes every step: called for each request on its way, and for each pass as it is
 * scheduled.
 */
import type { StepCostModel } from "../../cost/index.js";
import type { AdmissionLimit, EngineStep, StepAssignment } from "../../policy/index.js";

/** A scheduling pass. Times in ns; of a pass without tokens there is no GPU time. */
export interface ObservedPass {
  readonly startNs: number;
  readonly step: EngineStep;
  /** What each request does; empty for a pass without tokens. */
  readonly assignments: readonly StepAssignment[];
  readonly gpuNs: number;
  readonly gpuEndNs: number;
  /** What stopped admissions; none: no request waits. */
  readonly stop: AdmissionLimit | "none";
  /** After the pass: requests that run and that wait at the scheduler, and KV blocks that no request holds. */
  readonly running: number;
  readonly waiting: number;
  readonly freeBlocks: number;
  /** The KV blocks that a request holds after the pass, in order of its tokens; absent of policies without block ids. */
  readonly blocksOf?: ((index: number) => readonly number[]) | undefined;
}

export interface StepObserver {
  /** A request is in the engine's input queue. */
  queued(index: number, atNs: number): void;
  /** The scheduler has it. */
  taken(index: number, atNs: number): void;
  scheduled(pass: ObservedPass): void;
  /** A step's outputs have left the engine. */
  sent(step: EngineStep, atNs: number): void;
}

/** Makes the observer of a replica; `meanCost`: its costs at mean times, to be asked freely. */
export type Observe = (replica: number, meanCost: StepCostModel) => StepObserver;
