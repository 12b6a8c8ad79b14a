/** Continuous batching over a paged KV cache, as vLLM schedules it. */
export { CountScheduler, PrefixCache, Ranking } from "./counted/index.js";
export { createVllm } from "./create-vllm.js";
export { kvBlocksOf, limitsOf, resolveSettings } from "./limits-of.js";
export type { SchedulerLimits } from "./limits.js";
export { rejectionReason } from "./rejection.js";
export { Scheduler } from "./scheduler.js";
export { vllmSchedulers } from "./schedulers.js";
export { vllmSettings } from "./settings.js";
export {
  assumedOf,
  assumedOfBalancing,
  dataParallelRules,
  DEFAULT_VERSION,
  defaultsOf,
  laterSettings,
  releaseOf,
  rulesOf,
  VERSION_PATTERN,
  type VersionRules,
} from "./versions.js";
