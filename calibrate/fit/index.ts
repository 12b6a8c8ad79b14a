/** From measurements to a cost model: pure functions, no measuring and no files. */
export { fitStaticBatch, type FitOptions, type StaticBatchFit } from "./static-batch.js";
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
