/** Where the time of a run's latencies went. */
export { explain, type ExplainInput } from "./explain.js";
export { scenarioOfRun } from "./scenario-of-run.js";
