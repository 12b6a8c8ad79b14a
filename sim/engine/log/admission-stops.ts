/**
 * What kept requests waiting: for every pass of a scheduler after which some still wait, the limit that stopped the
 * admissions. `none`: nothing waited at the scheduler.
 */
import {
  admissionLimits,
  slotCount,
  stepBudget,
  type AdmissionLimit,
  type EngineLimits,
  type StepScheduler,
} from "../../policy/index.js";

export const stopNames: readonly (AdmissionLimit | "none")[] = [...admissionLimits, "none"];

/** Passes, by what stopped the admissions. */
export type AdmissionStops = Record<AdmissionLimit | "none", number>;

export function noStops(): AdmissionStops {
  return { seats: 0, kv_blocks: 0, token_budget: 0, none: 0 };
}

/** Counts `passes` passes that scheduled so many tokens and left the scheduler as it is. */
export function countStop(
  stops: AdmissionStops,
  scheduler: Queues,
  limits: EngineLimits,
  scheduledTokens: number,
  passes: number,
): void {
  // Most often nothing waits.
  if (scheduler.waitingRequests === 0) stops.none += passes;
  else stops[stopOf(scheduler, limits, scheduledTokens)] += passes;
}

type Queues = Pick<StepScheduler, "waitingRequests" | "runningRequests">;

/** What stopped the admissions of a pass that scheduled so many tokens. */
export function stopOf(
  { waitingRequests, runningRequests }: Queues,
  limits: EngineLimits,
  scheduledTokens: number,
): AdmissionLimit | "none" {
  if (waitingRequests === 0) return "none";
  // A prompt that may not be cut needs as much of the budget as it has tokens.
  const budget = stepBudget(limits);
  const wanted = limits.chunkedPrefill ? 1 : Math.min(limits.maxModelLen, budget);
  if (runningRequests >= slotCount(limits)) return "seats";
  return budget - scheduledTokens < wanted ? "token_budget" : "kv_blocks";
}

/** The sum over engines. */
export function addStops(all: readonly AdmissionStops[]): AdmissionStops {
  const total = noStops();
  for (const stops of all) for (const name of stopNames) total[name] += stops[name];
  return total;
}
