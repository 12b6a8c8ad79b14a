/** Where a server is, which engine and model answer there, and how to ask it about itself. */
export { accessHint, askJson, askServer, openAsking, type AskOptions } from "./ask-server.js";
export { NEEDS_VLLM, VLLM, engineFacts, engineTitle, isOtherEngine, rejectOtherEngine } from "./engines.js";
export { errorText, failureKinds, failureOf, httpFailure, type Failure, type FailureKind } from "./failure.js";
export { findVocabulary, vocabularyFor, type VocabularyInput } from "./find-vocabulary.js";
export { measureNetwork, type Network } from "./network.js";
export { findServedModel, type ServedModel } from "./served-model.js";
export {
  INSECURE_NOTE,
  addressOf,
  pathOf,
  shownUrl,
  tlsOf,
  unsafeRemarks,
  withoutSecrets,
  type ServerAccess,
  type ServerAddress,
  type ServerRef,
} from "./server-address.js";
