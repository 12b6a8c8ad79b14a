/** What answers are put together from. */
export { costOf, costOfRuns } from "./cost.js";
export { evidenceAt, evidenceOf, intervalOf, meanInterval, narrowNotes, turnsOf } from "./evidence.js";
export { extrapolationOf } from "./extrapolated-runs.js";
export { goalVerdictOf, mostFrequent, type GoalVerdict } from "./goal-verdict.js";
export { nearestMeasured } from "./nearest-measured.js";
