/** Continuous batching over a paged KV cache, as vLLM schedules it. */
export { CountScheduler } from "./counted/index.js";
export { limitsOf, resolveSettings, type ResolvedSettings } from "./limits-of.js";
export { seatsOf, stepBudget, type SchedulerLimits, type SchedulerRequest } from "./limits.js";
export { Scheduler } from "./scheduler.js";
export { serverSettings, type ServerSettings, vllmSettings } from "./settings.js";
export type { EngineStep, StepScheduler, TokenSink } from "./step.js";
export { tokenCounts, type TokenCounts } from "./token-counts.js";
export { assumedOf, DEFAULT_VERSION, rulesOf, VERSION_PATTERN, type VersionRules } from "./versions.js";
