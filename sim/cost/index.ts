/** Cost and memory models read from a profile. */
export type { BatchCost, BatchShape, CostModel, StepShape } from "./cost-model.js";
export { ProfileCost, type CostOptions } from "./profile-cost.js";
export { decodeQuantities, prefillQuantities, sumTerms, termQuantity, type Quantities } from "./terms.js";
