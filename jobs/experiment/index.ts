/** Experiments: the main job from a YAML file to a folder of results and a report. */
export { costRows, describeSteps, stepCostRows, type CostRow } from "./cost-rows.js";
export { experimentFolder, type ExperimentFolder } from "./folder.js";
export { publish } from "./publish.js";
export { type CellResult, type ExperimentResults, readResults } from "./results.js";
export { runExperiment, type RunExperimentOptions, runResolved } from "./run-experiment.js";
export { chartRun } from "./chart-runs.js";
export { atPace, paceAbout, paceBeside, type Pace } from "./pace.js";
export type { CellWorkload } from "./simulate-cells.js";
export { cellWorkloads } from "./cell-workloads.js";
export { cellsOf } from "./cells.js";
export { kvBlocksOf } from "./run-scenes.js";
export { batchScenes, replicationsOf } from "./timeline-charts.js";
