/** The schedulers: policies that run whole batches behind one interface, and those that run steps behind another. */
export type * from "./policy.js";
export type { Machine } from "./machine.js";
export { serverSettings, vllmDefaults } from "./server-settings.js";
export {
  batchPolicyNames,
  findPolicy,
  planBatchPolicy,
  planPolicy,
  policyNames,
  settingNames,
  stepPolicyNames,
  type BatchPlan,
  type PolicyPlan,
  type StepPlan,
} from "./registry.js";
export { admissionLimits, serverSlots, slotCount, stepBudget } from "./step-policy.js";
export type {
  AdmissionLimit,
  CountedLimits,
  DataParallel,
  DataParallelRules,
  EngineLimits,
  PrefixCacheSize,
  SchedulerChoice,
  SchedulerInput,
  StepPolicy,
  StepSchedulers,
} from "./step-policy.js";
export { attentionPairs } from "./step.js";
export type { EngineStep, Indexed, SchedulerRequest, StepAssignment, StepScheduler, TokenSink } from "./step.js";
export { tokenCounts, type TokenCounts } from "./token-counts.js";
export {
  assumedOf,
  assumedOfBalancing,
  createVllm,
  dataParallelRules,
  DEFAULT_VERSION,
  defaultsOf,
  isEndKnown,
  laterSettings,
  releaseOf,
  limitsOf,
  PrefixCache,
  RequestRanking,
  rejectionReason,
  rulesOf,
  VERSION_PATTERN,
  VllmScheduler,
  vllmSchedulers,
} from "./vllm/index.js";
export type { SchedulerLimits, VersionRules } from "./vllm/index.js";
