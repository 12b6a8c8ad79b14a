/** Whether the times of a simulated run are drawn rather than taken at their means. */
import type { Profile } from "../../formats/index.js";
import type { SimulatedRunInput } from "./run-input.js";

/** `jitter`: as asked; absent: on for a vLLM engine whose profile has jitter. */
export function isJittered({
  jitter,
  profile,
}: {
  readonly jitter?: boolean | undefined;
  readonly profile: Profile;
}): boolean {
  if (profile.cost.kind === "static_batch") return jitter === true;
  return jitter !== false && hasJitter(profile);
}

/** Whether it is a profile of a vLLM engine that says how its times vary. */
export function hasJitter({ cost }: Profile): boolean {
  return cost.kind === "vllm_engine" && cost.jitter !== undefined;
}

/**
 * Whether times vary by default: as the profile has measured it, for batches too where it knows how repeats of one
 * batch differed. A real machine's times do, and intervals without that would be too narrow. Undefined: the simulator's own.
 */
export function defaultJitter({ profile, plan }: Pick<SimulatedRunInput, "profile" | "plan">): boolean | undefined {
  if (profile.cost.kind === "vllm_engine" || plan.work === "step") return undefined;
  const quantiles = profile.noise?.repeat_quantiles;
  return quantiles !== undefined && quantiles.length > 0 ? true : undefined;
}
