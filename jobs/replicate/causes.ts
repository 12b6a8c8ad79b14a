/** What differs from one replication to the next: the seed's draws, the pace of the host, the costs of the fit. */
import type { Profile } from "../../formats/index.js";
import { ASSUMED_RUN_SPREAD, costDrawCount, isJittered, routerDraws, type SimulatedRunInput } from "../../sim/index.js";

export interface Causes {
  /** Times are drawn, or the load or the router's choices are. */
  readonly seed: boolean;
  /** The host of a run is drawn slower or faster. */
  readonly run: boolean;
  /** Costs that fit the calibration's measurements about equally well. */
  readonly calibration: boolean;
}

export function causesOf(input: SimulatedRunInput, isResampled: boolean): Causes {
  const { profile, replicas = 1, router = "round-robin" } = input;
  const timesVary = haveTimes(input) && isJittered(input);
  return {
    seed: timesVary || isResampled || (replicas > 1 && routerDraws(router)),
    run: timesVary && runSpread(profile) > 0,
    calibration: costDrawCount(profile) > 0,
  };
}

/** What the intervals do not hold, a sentence each. */
export function missingCauses(input: SimulatedRunInput, causes: Causes): string[] {
  const { profile, jitter } = input;
  const name = `profile "${profile.name}"`;
  const missing: string[] = [];
  const unknown = unknownJitter(input);
  if (jitter === false) missing.push("with jitter off no time varies from batch to batch or step to step");
  else if (unknown !== undefined) missing.push(unknown);
  else if (!causes.run) missing.push(`${name} does not say how the pace of its machine differs from run to run`);
  if (!causes.calibration) missing.push(`calibration uncertainty unknown: ${name} keeps no draws of its fit`);
  return missing;
}

/** Why times cannot vary under this policy on this profile; undefined: they can. */
export function unknownJitter(input: SimulatedRunInput): string | undefined {
  const name = `profile "${input.profile.name}"`;
  if (!haveTimes(input)) return `${name} measured whole batches and does not say how single steps vary`;
  return isJittered(input) ? undefined : `${name} does not say how times vary`;
}

/** A profile of whole batches alone has no times of steps to draw. */
function haveTimes({ profile, plan }: SimulatedRunInput): boolean {
  return profile.cost.kind === "vllm_engine" || plan.work === "batch" || profile.steps !== undefined;
}

/** Assumed where a profile does not know it, as its simulations do. */
function runSpread({ cost }: Profile): number {
  if (cost.kind !== "vllm_engine" || cost.jitter === undefined) return 0;
  return cost.jitter.run_spread ?? ASSUMED_RUN_SPREAD;
}
