/** Experiments: the main job from a YAML file to a folder of results and a report. */
export { cellsOf, cellWorkloads, type CellWorkload } from "./cells.js";
export { experimentFolder, type ExperimentFolder } from "./folder.js";
export { atPace, paceAbout, paceBeside, type Pace } from "./pace.js";
export * from "./report/index.js";
export { type CellResult, type ExperimentResults, readResults } from "./results.js";
export { runExperiment, type RunExperimentOptions, runResolved } from "./run-experiment.js";
