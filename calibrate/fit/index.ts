/** From measurements to a cost model: pure functions, no measuring and no files. */
export { fitStaticBatch, type FitOptions, type Residual, type StaticBatchFit } from "./static-batch.js";
export { assess, FitRejected, type AssessedFit } from "./assess.js";
export { batchModelNs } from "./features.js";
export { fitMemory, type MemoryFit } from "./memory.js";
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
export { fitSteps, STEADY, stepRange, type StepFit, type StepFitOptions } from "./step-fit.js";
export {
  emptyStep,
  stepMeasurementKinds,
  toStepCells,
  workName,
  workOfSpec,
  type StepCell,
  type StepMeasurement,
  type StepSpec,
} from "./step-measurement.js";
