/** Cost models read from a profile: whole batches, and the steps of continuous batching. */
export type { BatchCost, BatchShape, CostModel } from "./cost-model.js";
export { linearDecodeLaw, wholeNs, type DecodeLaw } from "./decode-law.js";
export type { FrontEndCost, HostCost, OutputJob, StepCostModel, StepShape } from "./step-cost.js";
export type { DecodeTimes } from "./decode-times.js";
export type { PacedCosts } from "./server/index.js";
export { BLOCK } from "./draws/index.js";
export { noHost } from "./step-cost.js";
export { ProfileCost, type CostOptions } from "./batches/index.js";
export { factorTable, meanOf } from "./draws/index.js";
export { requestsNs, softLaterNs, VllmFrontEndCost } from "./server/index.js";
export { jitterFactors, meanFactors } from "./draws/index.js";
export { ASSUMED_RUN_SPREAD, atPace, atRunPace, frontEndAtPace, READ_PACE_SPREAD } from "./draws/index.js";
export { costDrawCount, withCostDraw } from "./cost-draw.js";
export { meanRunPaceScore, rankStream, replicaStream } from "./draws/index.js";
export { jointStep } from "./server/index.js";
export { stepCostOf, type StepCostOptions } from "./step-cost-of.js";
export { GraphSizes, defaultCaptureSizes, type GraphKind, type GraphRules } from "./server/index.js";
export { MeasuredStepCost, sumParts, stepWork } from "./measured-step-cost.js";
export { stepQuantities, type StepQuantities, type StepWork } from "./step-quantities.js";
export { extrapolationOf, type RangeTotals } from "./range-use.js";
export { extrapolationNotes } from "./extrapolation-notes.js";
export { piecewiseLinear } from "./piecewise-linear.js";
export { decodeBaseNs, prefillComputeNs, prefillMemoryNs } from "./server/index.js";
export { arenaBytes, batchBytes, largestBatch } from "./batches/index.js";
export {
  decodeQuantities,
  prefillQuantities,
  sumTerms,
  termQuantity,
  type Quantities,
  type TermClip,
} from "./terms.js";
