/** The schedulers: policies that run whole batches behind one interface, and those that run steps behind another. */
export type * from "./policy.js";
export type { Machine } from "./machine.js";
export {
  findPolicy,
  planBatchPolicy,
  planPolicy,
  policyNames,
  type BatchPlan,
  type PolicyPlan,
  type StepPlan,
} from "./registry.js";
export {
  assumedOf,
  CountScheduler,
  DEFAULT_VERSION,
  limitsOf,
  rulesOf,
  Scheduler,
  seatsOf,
  serverSettings,
  stepBudget,
  tokenCounts,
  VERSION_PATTERN,
} from "./vllm/index.js";
export type {
  EngineStep,
  SchedulerLimits,
  SchedulerRequest,
  StepScheduler,
  TokenCounts,
  TokenSink,
  VersionRules,
} from "./vllm/index.js";
