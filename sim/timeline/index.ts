/** What a run did at each instant. */
export { recordedTimeline } from "./recorded-timeline.js";
export { simulatedTimeline } from "./simulated-timeline.js";
export type { EngineTimeline, PhaseName, RequestTimeline, Timeline, TimelineWork } from "./timeline.js";
