/** Loads against a running vLLM server: the client, batches of the batch policies, results in vLLM bench's keys. */
export { benchBatches, type BenchBatchesInput } from "./bench-batches.js";
export type { BenchVllmInput, VllmClientOptions } from "./bench-input.js";
export { benchVllm, measureVllm, type VllmMeasurement } from "./bench-vllm.js";
export { askJson, askServer, type AskOptions } from "./ask-server.js";
export { defaultLimits, type ConnectionLimits } from "./connection.js";
export {
  addressOf,
  INSECURE_NOTE,
  shownUrl,
  unsafeRemarks,
  type ServerAccess,
  type ServerAddress,
  type ServerRef,
} from "./server-address.js";
export { engineTitle, NEEDS_VLLM, rejectOtherEngine } from "./engines.js";
export { findVocabulary, vocabularyFor, type VocabularyInput } from "./find-vocabulary.js";
export { failureKinds, type FailureKind } from "./failure.js";
export { kvUsage } from "./kv-usage.js";
export { endpoints, type Endpoint, type Sampling } from "./request-body.js";
export { vllmBackend, vllmResultJson, type ResultJsonOptions } from "./result-json.js";
export { measureNetwork, type Network } from "./network.js";
export { findServedModel, type ServedModel } from "./served-model.js";
