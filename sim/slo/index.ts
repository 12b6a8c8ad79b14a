/** A simulated run held against latency goals: what each statistic is, and how far it is from its limit. */
export { attainmentOf, type Attainment } from "./attainment.js";
export { measureGoals, requestsToShow, type GoalValue, type MeasuredGoals } from "./measure-goals.js";
