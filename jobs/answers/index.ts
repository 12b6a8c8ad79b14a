/** Answers about a deployment: how much load it takes within latency goals, what a change does, what it costs. */
export {
  capacityAnswer,
  DEFAULT_PRECISION,
  findCapacity,
  type CapacityFound,
  type CapacityOptions,
} from "./capacity/index.js";
export {
  isWholeNumber,
  madeFrom,
  mostRequests,
  readSource,
  scaledLoad,
  varyNames,
  varyOf,
  type AskedVary,
  type LoadSource,
  type MadeFrom,
  type Vary,
} from "./load/index.js";
export {
  costOf,
  evidenceAt,
  evidenceOf,
  extrapolationOf,
  goalVerdictOf,
  intervalOf,
  meanInterval,
  mostFrequent,
  narrowNotes,
  nearestMeasured,
  type GoalVerdict,
} from "./parts/index.js";
export {
  goalStatistics,
  hasSteadyTurns,
  inputAt,
  isOfSessions,
  isSteadyLoad,
  keyOfGoal,
  requireSessions,
  scaledBy,
  sessionGoals,
  sessionPace,
  sessionsToShow,
  steadyPart,
  type Deployment,
  type DetailedProbe,
} from "./run/index.js";
export { withCrew, type CrewOptions } from "./search/index.js";
export { findSize, sizeAnswer, type Size, type SizeOptions } from "./size/index.js";
export {
  isLimit,
  tunableSettings,
  tune,
  tuneAnswer,
  tuneGoal,
  unlimited,
  type Settings,
  type Tuned,
} from "./tune/index.js";
