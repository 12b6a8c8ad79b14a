/** Recorded runs of a server beside simulations of the same requests. */
export { readRecordings } from "./read-recordings.js";
export {
  replayReport,
  type ReplayReport,
  REPLICATIONS,
  splitParts,
  heldOutRun,
  scoreHeldOut,
  replayMetrics,
  replayStatistics,
  type ReplayStatistic,
} from "./replay-report.js";
export { gateHeldOut } from "./held-out-gate.js";
