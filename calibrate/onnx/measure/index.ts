/** Measures batches on this machine: what, in which order, how often, and whether the machine was quiet meanwhile. */
export { DISTURBED_FRACTION, blockDrifts, reportDrift, type DriftReport } from "./drift-watch.js";
export { nowNs, openMachineBench, type MachineBench } from "./machine-bench.js";
export { measureBatches, type MeasuredBatches } from "./measure-batches.js";
export { COLD_SAMPLES, type MeasuredPlan } from "./measure-plan.js";
export { NARROW_FRACTION, wallHalfWidth } from "./next-repeats.js";
export { pinProcess, type Pinning } from "./pin.js";
export type { CalibrationProgress, CalibrationSession } from "./session.js";
