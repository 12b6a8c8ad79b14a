/** A simulated run held against latency goals: what each statistic is, and how far it is from its limit. */
export { attainmentOf, type Attainment } from "./attainment.js";
export { measureGoals, requestsToShow, type MeasuredGoals } from "./measure-goals.js";
export { independentTurns, sessionsKeptUp, steadyTurns, type SteadyTurns } from "./steady-turns.js";
export type { GoalValue } from "./sustained.js";
