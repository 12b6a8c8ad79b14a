export { effectiveCount } from "./effective-count.js";
export {
  interpolate,
  interpolatedAt,
  median,
  minimumCount,
  percentileIsShown,
  quantile,
  quantileOf,
} from "./quantile.js";
export { quantilesOfAny } from "./select.js";
export {
  mean,
  momentsOf,
  type StatisticName,
  statisticNames,
  statisticQuantile,
  type Statistics,
  statisticsOf,
} from "./statistics.js";
export { type Intervals, intervalsUntil, sweepLine } from "./sweep-line.js";
export { warmUpCount } from "./warm-up.js";
