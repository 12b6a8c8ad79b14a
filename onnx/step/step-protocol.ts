/** The messages between the step executor and its worker thread: one reply per command, in order. */
import type { RequestStep } from "./continuous-batch.js";
import type { StepRunnerOptions } from "./step-runner.js";

/** Given to the worker when it starts. */
export type StepWorkerOptions = Omit<StepRunnerOptions, "slots" | "cache"> & { readonly maxNumSeqs: number };

export interface StepCommand {
  readonly kind: "step";
  readonly requests: readonly RequestStep[];
  /** Requests that have ended or were preempted, or all that there are: their slots are free before the step. */
  readonly ended: readonly number[] | "all";
}

export interface StepRun {
  /** process.hrtime, ns: before the slots are arranged, and with the tokens at hand. */
  readonly startNs: number;
  readonly endNs: number;
  /** Of that, ns inside the runtime. */
  readonly runtimeNs: number;
  /** The next tokens, by request. */
  readonly tokens: ReadonlyMap<number, number>;
  /** Slots copied for this step. */
  readonly slotCopies: number;
}
