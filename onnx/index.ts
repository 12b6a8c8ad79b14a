/**
 * The ONNX Runtime backend that calibrate/ and real/ share: GPT-2-family and Llama-style models written by
 * servesim itself, and an executor that runs static batches of them in a worker thread.
 */
export { modelPresets, presetNames, isPresetName, tokenizerVocab, type ModelShape, type PresetName } from "./shape.js";
export { kvBytesPerToken, type ModelForm, type ModelSpec, type Precision } from "./model-spec.js";
export { ensureModel, defaultCacheDir, modelForm, type EnsureModelOptions, type ModelFiles } from "./model-cache.js";
export type { BuildProgress } from "./weights-file.js";
export { inspectOnnxFile, type OnnxFileInfo } from "./inspect-onnx.js";
export { startOnnxExecutor, type ExecutorInfo, type ExecutorOptions, type OnnxExecutor } from "./executor.js";
export { tryBatch, type TriedBatch, type TryOutcome } from "./try-batch.js";
export type { BatchRequest, BatchRun } from "./batch.js";
export { samplingSettings, type Sampling, type SamplingSettings } from "./sampling.js";
export { compareTokens, compareWithCpu, type DeviceComparison } from "./compare-devices.js";
export { CopyCount } from "./copy-count.js";
export { startStepExecutor, type RequestStep, type StepExecutor, type StepExecutorOptions } from "./step/index.js";
export { listProviders, requireProvider, type ProviderReport } from "./providers.js";
