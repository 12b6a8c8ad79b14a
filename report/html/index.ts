/** The self-contained HTML report. */
export { renderReport } from "./render-report.js";
export { metricDefinitions } from "./metric-definitions.js";
export type { OutcomeRow, ReportInput, ReportSection, ReportTable } from "./report-input.js";
