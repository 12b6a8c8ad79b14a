/** What every job starts from: files that ship with servesim, workloads, memory, a quiet machine, a reporter. */
export { atPlace, planPolicyAt } from "./at-place.js";
export { loadProfile, profileNames, profileReference, shippedProfile } from "./profiles.js";
export { answerColumns } from "./answer-columns.js";
export { sharedNotes, type Reporter } from "./reporter.js";
export { waitUntilQuiet, type QuietOptions } from "./quiet.js";
export { startBatches, startSteps, startRealEngine, type RealEngine, type RealEngineOptions } from "./real-engine.js";
export { fingerprint } from "./fingerprint.js";
export { planOf, servedInput, versionNotes, type Served } from "./served.js";
export {
  goneThrough,
  hasPrompts,
  promptLengths,
  ratedLoad,
  recordedOutputs,
  workloadOf,
  type CapacityInput,
} from "./workload-of.js";
