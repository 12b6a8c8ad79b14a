/** Experiments: the main job from a YAML file to a folder of results and a report. */
export { costRows, type CostRow } from "./cost-rows.js";
export { experimentFolder, type ExperimentFolder } from "./folder.js";
export { sharedNotes } from "./shared-notes.js";
export { packageFile, packageVersion } from "./package-root.js";
export { publish } from "./publish.js";
export type { Reporter } from "./reporter.js";
export type { CellResult, ExperimentResults } from "./results.js";
export { runExperiment, type RunExperimentOptions } from "./run-experiment.js";
export { answerColumns } from "./answer-columns.js";
export { startMemory } from "./real-memory.js";
export {
  defaultJitter,
  replicate,
  workOf,
  type PredictedInterval,
  type PredictedIntervals,
  type Replicated,
  type ReplicateOptions,
  type ReplicationWork,
} from "./replicate/index.js";
export { requireMarkedSection, writeMarkedSection } from "./marked-section.js";
export { accuracyPage, accuracySection } from "./accuracy-page.js";
export { validate, type ValidationResult } from "./validate.js";
export { requireFits, workloadOf } from "./workload-of.js";
