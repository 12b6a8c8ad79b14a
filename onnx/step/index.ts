/** Continuous batching on ONNX Runtime: steps over requests that join and leave, with a KV cache that stays in place. */
export { checkSteps } from "./check-steps.js";
export type { RequestStep } from "./continuous-batch.js";
export { defaultStepSettings } from "./default-settings.js";
export { startStepExecutor, type StepExecutor, type StepExecutorOptions } from "./step-executor.js";
