/** How much load a deployment takes within latency goals. */
export { DEFAULT_PRECISION, findCapacity, type CapacityFound, type CapacityOptions } from "./capacity.js";
export { capacityAnswer } from "./capacity-answer.js";
