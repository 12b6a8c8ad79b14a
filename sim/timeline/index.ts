/** What a run did at each instant. */
export { simulatedTimeline } from "./simulated-timeline.js";
export type { EngineTimeline, PhaseName, RequestTimeline, Timeline, TimelineWork } from "./timeline.js";
