/** How wrong the simulation was: compare a simulated run with real repeats, check thresholds, list rows. */
export { compareRuns, type CompareOptions, type Comparison, type RunLabel } from "./compare-runs.js";
export { type JoinReport } from "./join.js";
export { type StatisticComparison, type Verdict, type VerdictRule } from "./statistic.js";
export { type E2elSplit, type LatencyPart } from "./e2el-split.js";
export { sequenceAgreement, type BatchComparison, type SequenceAgreement } from "./batches.js";
export { checkThresholds, parseThreshold, type Threshold, type UnmetThreshold } from "./thresholds.js";
export { comparisonRows, type ComparisonRow } from "./rows.js";
