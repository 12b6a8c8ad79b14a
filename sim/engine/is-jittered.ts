/** Whether the times of a simulated run are drawn rather than taken at their means. */
import type { Profile } from "../../formats/index.js";

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
