/** Worker threads for jobs that do many tasks with the same inputs. */
export { GrowingLanes, type ThreadOptions } from "./growing-lanes.js";
export { asUsual, ownLane, workerLane, type Blocking, type Lane } from "./lanes.js";
export { serveTasks } from "./serve-tasks.js";
export { rejectedBy, spread, unlessAborted } from "./spread.js";
