/** Continuous batching on ONNX Runtime: steps over requests that join and leave, with a KV cache that stays in place. */
export { checkSteps } from "./check-steps.js";
export { ContinuousBatch, type RequestStep } from "./continuous-batch.js";
export { defaultStepSettings } from "./default-settings.js";
export { requireStepModel } from "./step-model.js";
