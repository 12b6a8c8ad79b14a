/** Worker threads for jobs that do many tasks with the same inputs. */
export { lanesOf, ownLane, workerLane, type Lane } from "./lanes.js";
export { rejectedBy } from "./rejected-by.js";
export { serveTasks } from "./serve-tasks.js";
export { spread } from "./spread.js";
