/** A simulated run repeated over what a real run would draw anew: means, and intervals that one real run falls into. */
export { replicate, type Replicated, type ReplicateOptions } from "./replicate.js";
export { causesOf, missingCauses, unknownJitter, type Causes } from "./causes.js";
export { replicationTasks } from "./task.js";
export { workOf, type ReplicationWork } from "./how-many.js";
export type { PredictedInterval, PredictedIntervals } from "./merge.js";
