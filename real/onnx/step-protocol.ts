/** The messages between the step executor and its worker thread: one reply per command, in order. */
import type { ScheduledStepRecord, Workload } from "../../formats/index.js";
import type { ContinuousBatch, RequestStep } from "../../onnx/index.js";
import type { Machine, Summary } from "../../sim/index.js";
import type { EndedRequest } from "../request-rows.js";
import type { DrivenSteps } from "../steps-run.js";

/** Steps run and thrown away before the clock starts: the first ones of a session are slow. */
export const WARM_UP_STEPS = 5;

/** Given to the worker when it starts. */
export type StepWorkerOptions = ConstructorParameters<typeof ContinuousBatch>[0];

export type StepCommand = SingleStep | DriveCommand | { readonly kind: "stop" };

export interface DriveCommand extends DrivenRun {
  readonly kind: "drive";
  /** Memory of SharedRows: steps whose results were taken, and requests that have ended. */
  readonly steps: SharedArrayBuffer;
  readonly ended: SharedArrayBuffer;
}

export interface SingleStep {
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

/** A workload that the worker runs to its end, with a scheduler of its own. */
export interface DrivenRun {
  readonly workload: Workload;
  /** Of each request; all its attempts have them. */
  readonly promptIds: readonly (readonly number[])[];
  /** Policy and settings, of a realStepPlan, and the machine that the policy is made for. */
  readonly policy: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly machine: Machine;
  /** Of sampled tokens; absent: greedy ones. */
  readonly tokenSeed?: string | undefined;
}

/** What has ended since the part before. */
export interface DrivenPart {
  readonly steps: readonly ScheduledStepRecord[];
  readonly ended: readonly EndedRequest[];
}

/** What is known of a driven run at its end, beside its parts. */
export interface DrivenEnd extends Omit<DrivenSteps, "log" | "kvBlocks" | "giveUps"> {
  /** Absent where the thread died. */
  readonly kvBlocks?: DrivenSteps["kvBlocks"];
  /** Of a run that came to its end. */
  readonly summary?: Summary;
}
