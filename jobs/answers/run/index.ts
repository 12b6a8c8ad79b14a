/** One simulated run of a deployment, and what it says of the goals. */
export {
  counted,
  inputAt,
  isOfSessions,
  isSteadyLoad,
  scaledBy,
  unitOf,
  type Deployment,
  type Point,
  type Replication,
} from "./deployment.js";
export {
  detailedProbe,
  goalStatistics,
  keyOfGoal,
  missedIn,
  probe,
  probeOf,
  type DetailedProbe,
  type Probe,
} from "./probe.js";
export { countToShow, independenceNote, requireSettled, requireShown, requireTimes } from "./run-length.js";
export {
  requireSessions,
  serversForSessions,
  sessionLength,
  sessionPace,
  sessionsAt,
  sessionsToShow,
  type SessionPace,
} from "./session-pace.js";
export { hasSteadyTurns, sessionGoals, sessionNotes, steadyPart } from "./session-runs.js";
