/** What a sweep's table says, as text, charts and a page. */
export { sweepCharts } from "./sweep-charts.js";
export { sweepPage, type SweepPage } from "./sweep-page.js";
export { isSwept, sweptLines, type SweptLines } from "./swept-lines.js";
