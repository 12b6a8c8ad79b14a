/** Self-contained HTML pages: the report of an experiment, and the page of an answer. */
export { renderAnswer } from "./render-answer.js";
export { goalWords, partTitles, resourceWords, tuneVerdictWords, verdictWords } from "./answer-words.js";
export { renderReport } from "./render-report.js";
export { renderSweep, type SweepPageInput } from "./render-sweep.js";
export type { DataTable } from "./data-table.js";
export { metricDefinitions } from "./metric-definitions.js";
export type {
  HeadlineLoad,
  HeadlineMetric,
  HeadlineRow,
  OutcomeRow,
  ReportAnswer,
  ReportInput,
  ReportSection,
  ReportTable,
  SloSample,
  TrustCheck,
  TrustState,
} from "./report-input.js";
