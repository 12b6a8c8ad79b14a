/** Settings of a policy for a goal. */
export { tune, type Tuned } from "./tune.js";
export { tuneAnswer } from "./tune-answer.js";
export { isLimit, tuneGoal, unlimited } from "./tune-goal.js";
export { tunableSettings, type Settings } from "./tune-space.js";
