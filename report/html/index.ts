/** The self-contained HTML report. */
export { renderReport } from "./render-report.js";
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
