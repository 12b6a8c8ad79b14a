/** Continuous batching over a paged KV cache, as vLLM schedules it. */
export { createVllm } from "./create-vllm.js";
export { kvBlocksOf, limitsOf, resolveSettings } from "./limits-of.js";
export type { SchedulerLimits } from "./limits.js";
export { isEndKnown, rejectionReason } from "./rejection.js";
export { PrefixCache } from "./prefix-cache/index.js";
export { RequestRanking } from "./request-ranking.js";
export { vllmSchedulers } from "./schedulers.js";
export { vllmSettings } from "./settings.js";
export { VllmScheduler } from "./vllm-scheduler.js";
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
