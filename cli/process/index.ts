export { catchTheUncaught, EXIT, fail, Interrupted, saveAtTheEnd, ThresholdMissed } from "./exit.js";
export { interruptible, turnOfTheLoop } from "./interrupt.js";
export { startProgress } from "./progress.js";
export { reporter, searched, stoppable, type SearchOptions } from "./work.js";
