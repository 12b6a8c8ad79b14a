/** Loads against a running vLLM server: the runs of them, batches of the batch policies, results in vLLM bench's keys. */
export {
  addressOf,
  askJson,
  askServer,
  engineTitle,
  failureKinds,
  findServedModel,
  findVocabulary,
  INSECURE_NOTE,
  measureNetwork,
  NEEDS_VLLM,
  rejectOtherEngine,
  shownUrl,
  unsafeRemarks,
  vocabularyFor,
  type AskOptions,
  type FailureKind,
  type Network,
  type ServedModel,
  type ServerAccess,
  type ServerAddress,
  type ServerRef,
  type VocabularyInput,
} from "./access/index.js";
export { defaultLimits, endpoints, type ConnectionLimits, type Endpoint, type Sampling } from "./client/index.js";
export { benchBatches, type BenchBatchesInput } from "./bench-batches.js";
export type { BenchVllmInput, VllmClientOptions } from "./bench-input.js";
export { benchVllm, measureVllm, type VllmMeasurement } from "./bench-vllm.js";
export { kvUsage } from "./kv-usage.js";
export { vllmBackend, vllmResultJson, type ResultJsonOptions } from "./result-json.js";
export { measureWatched } from "./watched-run.js";
