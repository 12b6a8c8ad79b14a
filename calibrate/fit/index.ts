/** From measurements to a cost model: pure functions, no measuring and no files. */
export { fitStaticBatch, type FitOptions, type Residual, type StaticBatchFit } from "./static-batch.js";
export { assess, FitRefused, type AssessedFit } from "./assess.js";
export { fitMemory, type MemoryFit, type MemoryOptions } from "./memory.js";
export { describeNoise, drift } from "./noise.js";
export {
  blockName,
  checkMeasurement,
  measurementKinds,
  shapeName,
  toCells,
  type BatchShape,
  type Cell,
  type Measurement,
  type MeasurementKind,
} from "./measurement.js";
export { loadLinearSolver, type LinearSolver } from "./linear-solver.js";
export { nnls, normalEquations } from "./nnls.js";
