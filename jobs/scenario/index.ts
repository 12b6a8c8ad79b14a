/** Scenarios: a policy on a profile under a load, simulated on the same days as others. */
export { readContent, type LoadContent } from "./load-content.js";
export { inputOf, type Day, type Scenario } from "./scenario.js";
export { explainDays, simulateDays, type DaysOptions } from "./days.js";
export type { DayResult } from "./run-statistics.js";
export {
  explainedMetrics,
  partsOfMetric,
  type DayParts,
  type ExplainedDay,
  type ExplainedMetric,
} from "./explain-day.js";
export { overloadNotes } from "./overload.js";
export { isHidden, tooFewNote } from "./shown.js";
export { costOfDays } from "./cost-of-days.js";
export { requireAnswers } from "./require-answers.js";
