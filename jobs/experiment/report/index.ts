/** What people look at: the report of an experiment, its charts and tables. */
export { chartRun } from "./chart-runs.js";
export { costRows, describeSteps, stepCostRows, type CostRow } from "./cost-rows.js";
export { publish } from "./publish.js";
export { kvBlocksOf } from "./run-scenes.js";
export { batchScenes, replicationsOf } from "./timeline-charts.js";
