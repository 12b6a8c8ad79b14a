/** A simulated run repeated over what a real run would draw anew: means, and intervals that one real run falls into. */
export { asUsual, replicate, type Blocking, type Replicated, type ReplicateOptions } from "./replicate.js";
export { unknownJitter } from "./causes.js";
export { workOf, type ReplicationWork } from "./how-many.js";
export type { PredictedInterval, PredictedIntervals } from "./merge.js";
