/** Cost models read from a profile: whole batches, and the steps of continuous batching. */
export type { BatchCost, BatchShape, CostModel } from "./cost-model.js";
export type { DecodeLaw, FrontEndCost, HostCost, OutputJob, StepCostModel, StepShape } from "./step-cost.js";
export { linearDecodeLaw, noHost } from "./step-cost.js";
export { ProfileCost, type CostOptions } from "./profile-cost.js";
export { meanOf } from "./sampled-variation.js";
export { frontEndCost, jitterFactors, meanFactors } from "./host-cost.js";
export { costDrawCount, withCostDraw } from "./cost-draw.js";
export { meanRunPaceScore, replicaStream } from "./run-pace.js";
export { stepCostOf, type StepCostOptions } from "./step-cost-of.js";
export { GraphSizes, defaultCaptureSizes, type GraphKind } from "./graph-sizes.js";
export { decodeBaseNs } from "./engine-step-cost.js";
export { arenaBytes, batchBytes, largestBatch } from "./batch-memory.js";
export {
  decodeQuantities,
  prefillQuantities,
  sumTerms,
  termQuantity,
  type Quantities,
  type TermClip,
} from "./terms.js";
