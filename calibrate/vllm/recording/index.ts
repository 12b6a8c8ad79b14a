/** What a recorded run says: requests as its client saw them, and where there are step logs, when each step ran. */
export { type RecordedRun, isProbes, settingsOf, isEager } from "./recorded-run.js";
export { chunkFindings, chunksAt } from "./merged-chunks.js";
export { recordedTraffic, type RecordedTraffic, type RecordedEntry, type RecordedOutput } from "./recorded-outputs.js";
export { timelineOf, type TimedStep, type Timeline, type HostCall } from "./timeline.js";
export {
  chunkGapsMs,
  gapQuantiles,
  loadFeatures,
  probeFeatures,
  type Feature,
  chunkTimesMs,
} from "./client-features.js";
export { meanPace, paceTable, type PacePath, pacePath, callNs, paceAt, type CallCosts } from "./read-pace.js";
