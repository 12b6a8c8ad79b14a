/** What a real run of steps is given, and what it gives. */
import type { Workload } from "../formats/index.js";
import type { GiveUpSummary, StepAssignment, StepLog, StepSchedulers } from "../sim/index.js";
import type { Clock } from "./clock.js";
import type { Entry } from "./request-rows.js";
import type { StepTimes } from "./step-rows.js";

export interface DriveStepsInput {
  readonly workload: Workload;
  readonly schedulers: StepSchedulers;
  readonly clock: Clock;
  /** Computes a step, after those before it; `ended`: requests whose KV cache is not needed any more. Throws where it cannot. */
  runStep(work: readonly StepAssignment[], ended: readonly number[]): StepTimes;
  readonly signal?: AbortSignal | undefined;
  /** Called with each step whose results were taken, in the numbers of step-rows.ts. */
  onStep(row: readonly number[]): void;
  /** Called with each request as it ends, by its place among the attempts: each one of a client that tries again is a request. */
  onEnded(log: StepLog, index: number, entry: Entry | undefined): void;
}

export interface DrivenSteps {
  readonly log: StepLog;
  readonly preemptions: number;
  /** Most KV blocks in use at once, and how many there are. */
  readonly kvBlocks: { readonly total: number; readonly highWater: number };
  readonly sendLagsNs: readonly number[];
  /** Why not all requests have ended, and whether that was a step that failed. */
  readonly interrupted?: string;
  readonly hasFailed?: boolean;
  /** Where clients may give up or try again. */
  readonly giveUps?: GiveUpSummary;
}
