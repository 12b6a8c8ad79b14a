/** Worker threads for jobs that do many tasks with the same inputs. */
export { asUsual, type Blocking } from "./blocking.js";
export { GrowingLanes } from "./growing-lanes.js";
export { ownLane, workerLane, type Lane } from "./lanes.js";
export { rejectedBy } from "./rejected-by.js";
export { serveTasks } from "./serve-tasks.js";
export { spread } from "./spread.js";
