export { chartFile, drawChart, pngFlag, pngPath, requireChartFree, writeChart } from "./charts.js";
export { beginsWith, requireCreatable, requireFree } from "./places.js";
export { keepTrace } from "./traces.js";
