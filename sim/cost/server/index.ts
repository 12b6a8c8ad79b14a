export { EngineStepCost } from "./engine-step-cost.js";
export { decodeBaseNs, prefillComputeNs, prefillMemoryNs } from "./gpu-step.js";
export { defaultCaptureSizes, type GraphKind, type GraphRules, GraphSizes } from "./graph-sizes.js";
export { requestsNs, softLaterNs, VllmFrontEndCost } from "./host-cost.js";
export { jointStep } from "./joint-step.js";
export type { PacedCosts } from "./paced-costs.js";
