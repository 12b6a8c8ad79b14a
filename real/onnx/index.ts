/** Policies for real, on ONNX Runtime: whole batches, and steps. */
export { benchOnnx, type OnnxBenchInput } from "./bench.js";
export { requireSlotMemory } from "./step-memory.js";
export { benchSteps, type StepBenchInput } from "./bench-steps.js";
export { realStepPlan } from "./step-plan.js";
export type { RealRunInput } from "./real-run.js";
