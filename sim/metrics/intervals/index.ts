export { bootstrapInterval, bootstrapIntervals, type BootstrapOptions, type Interval } from "./bootstrap.js";
export { PREDICTION_LEVEL, predictionInterval, sampleDeviation, widthUncertainty } from "./prediction-interval.js";
export { rank, resampled } from "./ranked-sample.js";
export { studentT } from "./student-t.js";
export { type KnownCauses, type VarianceParts, variancePartsOf } from "./variance-parts.js";
