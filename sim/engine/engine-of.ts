/** The engine of a server by itself: compiled where that one does what is asked, else the loop around a scheduler. */
import { withFields } from "../../formats/index.js";
import type { StepCostModel } from "../cost/index.js";
import type { EngineLimits, SchedulerChoice, SchedulerRequest, TokenCounts } from "../policy/index.js";
import { EngineLoop } from "./server/index.js";
import { FlatLoop, isWithinReach } from "./flat/index.js";
import type { ServerLoop } from "./server/index.js";
import type { StepLog } from "./log/index.js";
import type { StepObserver } from "./server/index.js";

export interface EngineInput {
  readonly schedulers: Pick<SchedulerChoice, "make" | "counted">;
  readonly limits: EngineLimits;
  readonly cost: StepCostModel;
  readonly log: StepLog;
  /** Those of the log, and their lengths. */
  readonly requests: readonly SchedulerRequest[];
  readonly tokens: TokenCounts;
  /** Whether runs of decodes are taken at once. */
  readonly jumps: boolean;
  readonly stopsAtEnds: boolean;
  readonly stopsAtPreemption: boolean;
  /** Whether an autoscaler reads first tokens from the log before their requests are complete. */
  readonly isScaled: boolean;
  /** Without jumps. */
  readonly observer?: StepObserver | undefined;
}

export function engineOf(input: EngineInput): ServerLoop {
  const { schedulers, limits, cost, log, tokens, jumps, stopsAtEnds, stopsAtPreemption, observer } = input;
  const { counted } = schedulers;
  const { paced } = cost;
  if (jumps && counted !== undefined && paced !== undefined && isWithinReach(counted, tokens)) {
    const { requests, isScaled } = input;
    const tellsFirstTokens = isScaled || limits.maxNumQueuedTokens !== undefined;
    const asked = { limits: counted, paced, stopsAtEnds, stopsAtPreemption, tellsFirstTokens };
    return new FlatLoop({ ...asked, cost, log, requests, tokens });
  }
  // By withFields, so that the loops of all runs are alike to V8, and what it compiled for one is good for the next.
  const shared = { cost, log, limits, jumps, stopsAtEnds, stopsAtPreemption };
  return new EngineLoop(withFields(shared, { scheduler: schedulers.make(), observer }));
}
