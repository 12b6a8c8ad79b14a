/** What an engine's loop is made of, and what it tells the server that it is a part of. */
import type { StepCostModel } from "../../cost/index.js";
import type { EngineLimits, StepScheduler } from "../../policy/index.js";
import type { Ends } from "../log/index.js";
import type { Output } from "./outputs.js";
import type { StepLog } from "../log/index.js";
import type { StepObserver } from "./step-observer.js";

export interface EngineLoopInput {
  readonly scheduler: StepScheduler;
  readonly cost: StepCostModel;
  readonly log: StepLog;
  /** Whether runs of decodes are taken at once. */
  readonly jumps: boolean;
  /** Whether advance() stops where a request ends, because its client may answer with another. */
  readonly stopsAtEnds: boolean;
  /** Whether a preemption is a PreemptionError, because the scheduler is right only without one. */
  readonly stopsAtPreemption?: boolean;
  /** Of the scheduler, to find what keeps requests waiting; absent: that is not counted. */
  readonly limits?: EngineLimits;
  /** Sees every step; takes no part. With limits, and without jumps. */
  readonly observer?: StepObserver | undefined;
  /** Of an engine that shares its front end with others; absent: it has its own, where the costs have one. */
  readonly rank?: RankExits | undefined;
}

/** What a data parallel engine tells the server that it is a part of; its requests come by enqueue(). Without jumps. */
export interface RankExits {
  readonly number: number;
  /** Of the whole server. */
  readonly ended: Ends;
  /** The engine has sent an output, later than any other of its own; absent: to the clients at once. */
  readonly sent: ((output: Output, atNs: number) => void) | undefined;
  /** It has taken requests in, or taken a step's results. */
  readonly counted: (atNs: number, when: "before" | "after") => void;
}

/** The scheduler had to preempt a request where that was not to happen. */
export class PreemptionError extends Error {}
