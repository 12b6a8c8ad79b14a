/** Measures what batches cost on ONNX Runtime on this machine, and makes a profile of it. */
export { calibrateOnnx, type CalibrateOptions, type Calibration } from "./calibrate.js";
export { describeMachine, type Gpu } from "../../machine/index.js";
export { probeOom, type OomProbe } from "./probe-oom.js";
export { rawPathOf, writeCalibration, writeMeasurements } from "./write.js";
export { promptIdsOf } from "./plan.js";
export { prepareReferenceStep } from "./steps/index.js";
export { planPathOf, readRaw, removeRaw } from "./raw-file.js";
export { readMeasurements } from "./read-measurements.js";
export { readWallTimes, wallTimeColumns } from "./wall-times.js";
export { heldOutBlocks } from "./held-out.js";
export type { CalibrationProgress } from "./session.js";
