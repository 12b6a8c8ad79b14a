export { GapSegments } from "./gap-segments.js";
export type { GapList } from "./gap-store.js";
