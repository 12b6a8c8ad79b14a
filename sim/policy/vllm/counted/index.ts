/** The scheduler that counts: the decisions of `Scheduler` without its block ids. */
export { CountScheduler } from "./count-scheduler.js";
export { PrefixCache } from "./prefix-cache.js";
export { Ranking } from "./ranking.js";
