export { arenaBytes, batchBytes, largestBatch } from "./batch-memory.js";
export { type CostOptions, ProfileCost } from "./profile-cost.js";
export { StaticStepCost } from "./static-step-cost.js";
