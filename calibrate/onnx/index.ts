/** Measures what batches cost on ONNX Runtime on this machine, and makes a profile of it. */
export { calibrateOnnx, type CalibrateOptions, type Calibration } from "./calibrate.js";
export { probeOom, type OomProbe } from "./probe-oom.js";
export { rawPathOf, writeCalibration, writeMeasurements } from "./write.js";
export { promptIdsOf } from "./plan.js";
export { prepareReferenceStep } from "./steps/index.js";
export { planPathOf, readMeasurements, readRaw, readWallTimes, removeRaw, wallTimeColumns } from "./raw/index.js";
export { heldOutBlocks } from "./held-out.js";
export type { CalibrationProgress } from "./measure/index.js";
