/** What a real run of steps is given, and what it gives. */
import type { RequestRecord, ScheduledStepRecord, Workload } from "../formats/index.js";
import type { GiveUpSummary, StepAssignment, StepLog, StepSchedulers } from "../sim/index.js";
import type { Clock } from "./clock.js";
import type { OnProgress } from "./live-figures.js";
import type { StepTimes } from "./step-records.js";

export interface DriveStepsInput {
  readonly workload: Workload;
  readonly schedulers: StepSchedulers;
  readonly clock: Clock;
  /** Computes a step, after those before it; `ended`: requests whose KV cache is not needed any more. Throws where it cannot. */
  runStep(work: readonly StepAssignment[], ended: readonly number[]): StepTimes;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Called for each request as it ends, with its place among the attempts, and for each step whose results were taken. */
  onEnded?(record: RequestRecord, index: number): void;
  onStep?(record: ScheduledStepRecord): void;
}

export interface DrivenSteps {
  /** Of requests that have ended, in the workload's order; each attempt of a client that tries again is one. */
  readonly requests: readonly RequestRecord[];
  readonly log: StepLog;
  readonly steps: readonly ScheduledStepRecord[];
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
