/** What a scheduler is made from: vLLM's settings with every default filled. */
import type { CountedLimits } from "../step-policy.js";
import type { VersionRules } from "./versions.js";

export interface SchedulerLimits extends CountedLimits {
  /** Rules that depend on the server's version. */
  readonly rules: VersionRules;
}
