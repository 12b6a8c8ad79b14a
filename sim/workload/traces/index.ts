export { prefixCeiling, type PrefixCeiling } from "./prefix-ceiling.js";
export { recordedWorkload } from "./recorded-load.js";
export { sessionStatistics, type SessionStatistics, type Spread } from "./session-statistics.js";
export {
  type ArrivalStatistics,
  type LengthStatistics,
  traceStatistics,
  type TraceStatistics,
} from "./trace-statistics.js";
export { meanRatePerS, scaledToRate, sliceOf, timeScaled } from "./trace-times.js";
export {
  rejectSeen,
  rejectUnmodelled,
  type Unmodelled,
  unmodelledFeature,
  unmodelledSettings,
} from "./unmodelled-server.js";
