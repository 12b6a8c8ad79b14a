export { BLOCK, type FactorBlocks, type FactorStream, OwnFactors, PacedFactors, Stalls } from "./factor-streams.js";
export { factorTable, meanOf } from "./factor-tables.js";
export { ASSUMED_RUN_SPREAD, atPace, atRunPace, frontEndAtPace, READ_PACE_SPREAD, runFactor } from "./host-pace.js";
export type { HostPath } from "./host-path.js";
export { type Factors, jitterFactors, meanFactors } from "./jitter-draws.js";
export { meanRunPaceScore, rankStream, replicaStream } from "./run-pace.js";
