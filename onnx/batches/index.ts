/** Static batches on ONNX Runtime in a worker thread, or in a process of their own. */
export type { BatchRequest, BatchRun } from "./batch.js";
export { compareTokens, compareWithCpu, type DeviceComparison } from "./compare-devices.js";
export { CopyCount } from "./copy-count.js";
export { startOnnxExecutor, type ExecutorInfo, type ExecutorOptions, type OnnxExecutor } from "./executor.js";
export { checkSampling, samplingSettings, type Sampling, type SamplingSettings } from "./sampling.js";
export { tryBatch, type TriedBatch, type TryOutcome } from "./try-batch.js";
