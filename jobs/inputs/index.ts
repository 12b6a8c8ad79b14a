/** What every job starts from: files that ship with servesim, workloads, memory, a quiet machine, a reporter. */
export { atPlace, planPolicyAt } from "./at-place.js";
export { recordedOutputs } from "./recorded-outputs.js";
export { loadProfile, profileNames, profileReference, shippedProfile } from "./profiles.js";
export { answerColumns } from "./answer-columns.js";
export { hasPrompts, workloadOf } from "./workload-of.js";
export { sharedNotes, type Reporter } from "./reporter.js";
export { waitUntilQuiet, type QuietOptions } from "./quiet.js";
export { startBatches, startSteps, startRealEngine, type RealEngine, type RealEngineOptions } from "./real-engine.js";
export { fingerprint } from "./fingerprint.js";
export { ratedLoad, type CapacityInput } from "./rated-load.js";
export { planOf, servedInput, versionNotes, type Served } from "./served.js";
export { goneThrough, promptLengths } from "./untimed.js";
