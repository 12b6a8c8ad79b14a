/** The raw measurements of a calibration on disk. */
export {
  appendRaw,
  planPathOf,
  readRaw,
  removeRaw,
  resumeRaw,
  startRaw,
  writeRaw,
  writeRawContext,
  type EarlierSitting,
  type RawContext,
} from "./raw-file.js";
export { resumeSteps, stepRawPathOf, stepRows } from "./step-file.js";
export { readMeasurements, readWallTimes, wallTimeColumns } from "./wall-times.js";
