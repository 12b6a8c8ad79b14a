/** Answers about a deployment: how much load it takes within latency goals, what a change does, what it costs. */
export { DEFAULT_PRECISION, findCapacity, type CapacityFound, type CapacityOptions } from "./capacity.js";
export { capacityAnswer } from "./capacity-answer.js";
export type { Deployment } from "./deployment.js";
export { findSize, type Size, type SizeOptions } from "./size.js";
export { sizeAnswer } from "./size-answer.js";
export { tune, type Tuned } from "./tune.js";
export { tuneAnswer } from "./tune-answer.js";
export { tuneGoal } from "./tune-goal.js";
export { tunableSettings, type Settings } from "./tune-space.js";
export { readSource, varyNames, type Vary } from "./load-source.js";
export { costOf } from "./cost.js";
export { evidenceOf } from "./evidence.js";
export { nearestMeasured } from "./nearest-measured.js";
export { withCrew, type CrewOptions } from "./crew.js";
export { inputAt, isSteadyLoad } from "./deployment.js";
export { mostRequests } from "./load-source.js";
export type { DetailedProbe } from "./probe.js";
