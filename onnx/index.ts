/**
 * The ONNX Runtime backend that calibrate/ and real/ share: GPT-2-family and Llama-style models written by
 * servesim itself, and executors that run static batches or steps of them in a worker thread.
 */
export {
  isPresetName,
  kvBytesPerToken,
  modelPresets,
  presetNames,
  tokenizerVocab,
  type ModelForm,
  type ModelShape,
  type ModelSpec,
  type Precision,
  type PresetName,
} from "./spec/index.js";
export { inspectOnnxFile, type OnnxFileInfo } from "./protobuf/index.js";
export type { BuildProgress } from "./weights/index.js";
export { defaultCacheDir, ensureModel, modelForm, type EnsureModelOptions, type ModelFiles } from "./models/index.js";
export {
  checkSampling,
  CopyCount,
  compareTokens,
  compareWithCpu,
  samplingSettings,
  startOnnxExecutor,
  tryBatch,
  type BatchRequest,
  type BatchRun,
  type DeviceComparison,
  type ExecutorInfo,
  type ExecutorOptions,
  type OnnxExecutor,
  type Sampling,
  type SamplingSettings,
  type TriedBatch,
  type TryOutcome,
} from "./batches/index.js";
export { checkSteps, ContinuousBatch, defaultStepSettings, requireStepModel, type RequestStep } from "./step/index.js";
export { readPeakRssBytes, resetPeakRss, WorkerThread, type WorkerReply } from "./worker/index.js";
export { listProviders, requireProvider, type ProviderReport } from "./providers/index.js";
