/** Scenarios: a policy on a profile under a load, simulated on the same days as others. */
export { explainDays, simulateDays, type DaysOptions } from "./days.js";
export {
  explainedMetrics,
  partsOfMetric,
  type DayParts,
  type ExplainedDay,
  type ExplainedMetric,
} from "./explain-day.js";
export { overloadNotes } from "./overload.js";
export { costOfDays, isHidden, requireAnswers, tooFewNote, type DayResult } from "./run-day.js";
export { inputOf, readContent, type Day, type Scenario } from "./scenario.js";
