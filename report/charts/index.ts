/** Charts of runs as SVG text. Importing loads d3 and jsdom: import lazily. */
export { chartRowsFromOriginal, chartRunsOf, type ChartRow, type ChartRun, type ChartSource } from "./chart-row.js";
export { chartNames, renderAllCharts, renderChart, type AllCharts, type SkippedChart } from "./render.js";
export type { ChartOptions } from "./chart.js";
export { leastRequests } from "./latency-percentiles.js";
export { inPolicyOrder, policyLooks, type PolicyLook } from "./palette.js";
export { residualPicture, type ResidualPoint } from "./residual-picture.js";
export { tracePicture } from "./trace-picture.js";
export { tunePicture, type TunePicture } from "./tune-picture.js";
export { replicasPicture, type ReplicasPicture } from "./replicas-picture.js";
export { answerPicture, type AnswerPicture } from "./answer-picture.js";
export { differencePicture, type DifferencePicture } from "./difference-picture.js";
export { partsPicture, type PartsPicture } from "./parts-picture.js";
export type { RunScene } from "./run-scene.js";
export type { BatchScene } from "./dynamic-batches-picture.js";
export { runPictures, type RunPictures } from "./run-pictures.js";
export { seedsPicture, type SeedRow, type SeedsPicture } from "./seeds-picture.js";
export { sweepPicture, type SweepPicture } from "./sweep-picture.js";
