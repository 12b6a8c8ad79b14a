/** Cost models read from a profile: whole batches, and the steps of continuous batching. */
export type { BatchCost, BatchShape, CostModel } from "./cost-model.js";
export { linearDecodeLaw, wholeNs, type DecodeLaw } from "./decode-law.js";
export type { FrontEndCost, HostCost, OutputJob, StepCostModel, StepShape } from "./step-cost.js";
export type { DecodeTimes } from "./decode-times.js";
export type { PacedCosts } from "./paced-costs.js";
export { BLOCK } from "./factor-streams.js";
export { noHost } from "./step-cost.js";
export { ProfileCost, type CostOptions } from "./profile-cost.js";
export { factorTable, meanOf } from "./factor-tables.js";
export { requestsNs, softLaterNs, VllmFrontEndCost } from "./host-cost.js";
export { jitterFactors, meanFactors } from "./jitter-draws.js";
export { ASSUMED_RUN_SPREAD, atPace, atRunPace, frontEndAtPace, READ_PACE_SPREAD } from "./host-pace.js";
export { costDrawCount, withCostDraw } from "./cost-draw.js";
export { meanRunPaceScore, rankStream, replicaStream } from "./run-pace.js";
export { jointStep } from "./joint-step.js";
export { stepCostOf, type StepCostOptions } from "./step-cost-of.js";
export { GraphSizes, defaultCaptureSizes, type GraphKind, type GraphRules } from "./graph-sizes.js";
export { MeasuredStepCost, sumParts, stepWork } from "./measured-step-cost.js";
export { stepQuantities, type StepQuantities, type StepWork } from "./step-quantities.js";
export { extrapolationOf, type RangeTotals } from "./range-use.js";
export { extrapolationNotes } from "./extrapolation-notes.js";
export { piecewiseLinear } from "./piecewise-linear.js";
export { decodeBaseNs, prefillComputeNs, prefillMemoryNs } from "./gpu-step.js";
export { arenaBytes, batchBytes, largestBatch } from "./batch-memory.js";
export {
  decodeQuantities,
  prefillQuantities,
  sumTerms,
  termQuantity,
  type Quantities,
  type TermClip,
} from "./terms.js";
