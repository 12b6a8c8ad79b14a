/** Searches over runs of a deployment, spread over threads. */
export type { AutoscaledRun } from "./autoscaled-run.js";
export { withCrew, type Crew, type CrewOptions } from "./crew.js";
export { edgeRounds, type EdgesFound } from "./edge-rounds.js";
export { pilot, rejectUnservable, type Pilot } from "./pilot.js";
export { runTask } from "./tasks.js";
export { limitOfSize, limitOfEdge, type EdgeBinding, type SizeBinding } from "./what-binds.js";
