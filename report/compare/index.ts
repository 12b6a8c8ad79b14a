/** How wrong the simulation was: compare a simulated run with real repeats, judge, check thresholds, list rows. */
export { compareRuns, type CompareOptions, type Comparison, type RunLabel } from "./compare-runs.js";
export { type JoinReport } from "./join.js";
export { type StatisticComparison, type ToleranceOf } from "./statistic.js";
export { judgeError, LEVEL, verdicts, type Judgement, type NoiseSource, type Verdict } from "./verdict.js";
export { tallyOf, tallyText, verdictText, type Tally } from "./tally.js";
export { defaultTolerance, withTolerances, type Threshold } from "./tolerances.js";
export { type E2elSplit, type LatencyPart } from "./e2el-split.js";
export { sequenceAgreement, type BatchComparison, type SequenceAgreement } from "./batches.js";
export { checkThresholds, doubtfulThresholds, parseThreshold, type UnmetThreshold } from "./thresholds.js";
export { comparisonRow, comparisonRows, type ComparisonRow } from "./rows.js";
export { areDisturbed, isDisturbed } from "./disturbed.js";
