/** Policies for real, on ONNX Runtime: whole batches, and steps. */
export { benchOnnx, type OnnxBenchInput } from "./bench.js";
export { requireSlotMemory, realStepPlan } from "./step-plan.js";
export { benchSteps, type StepBenchInput } from "./bench-steps.js";
export type { RealRunInput } from "./real-run.js";
export { startStepExecutor, type StepExecutor } from "./step-executor.js";
