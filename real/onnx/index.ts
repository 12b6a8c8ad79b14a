/** Batch policies for real, on ONNX Runtime. */
export { benchOnnx, requireBatches, type OnnxBenchInput } from "./bench.js";
