/** Charts of finished requests. */
export type { ChartOptions } from "./chart.js";
export { chartRowsFromOriginal, chartRunsOf, type ChartRow, type ChartRun } from "./chart-row.js";
export { leastRequests } from "./latency-percentiles.js";
export { chartNames, renderAllCharts, renderChart, type AllCharts, type SkippedChart } from "./render.js";
