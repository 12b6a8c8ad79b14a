export { MergedParts } from "./merged-parts.js";
export { type ReplicaPart, replicaParts, workloadOfPart } from "./replica-parts.js";
export { buffersOf, type PartResult, simulatePart } from "./simulate-part.js";
