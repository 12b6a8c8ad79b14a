/** What a run's requests went through, simulated or real: per request, per run, with intervals. */
export { effectiveCount } from "./effective-count.js";
export { median, minimumCount, percentileIsShown, quantile, quantileOf } from "./quantile.js";
export { warmUpCount } from "./warm-up.js";
export { inOrderOfArrival } from "./latencies.js";
export { quantilesInPlace } from "./select.js";
export { clientDelayMs, e2elMs, gapMs, queueMs, throughputTokensPerS, tpotMs, ttftMs } from "./request-metrics.js";
export { mean } from "./statistics.js";
export type { GiveUpSummary } from "./give-ups.js";
export { type GoodputLimits } from "./goodput.js";
export { columnsIn, columnsOf, filledColumns, type RequestColumns } from "./request-columns.js";
export { GapSegments } from "./gap-segments.js";
export { summarise, type Summary, type SummaryOptions } from "./summary.js";
export { rank, resampled } from "./ranked-sample.js";
export { bootstrapInterval, bootstrapIntervals, type BootstrapOptions, type Interval } from "./bootstrap.js";
export { PREDICTION_LEVEL, predictionInterval, sampleDeviation, widthUncertainty } from "./prediction-interval.js";
export { studentT } from "./student-t.js";
export { variancePartsOf, type KnownCauses, type VarianceParts } from "./variance-parts.js";
export { summariseSessions, type SessionSummary, type TurnSummary } from "./session-summary.js";
