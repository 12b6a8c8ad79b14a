/** Policies for real, on ONNX Runtime: whole batches, and steps. */
export { benchOnnx, type OnnxBenchInput } from "./bench.js";
export { requireSlotMemory } from "./step-memory.js";
export { benchSteps, realStepSettings } from "./bench-steps.js";
