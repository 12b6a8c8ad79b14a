/** Where the time of a run's latencies went. */
export { explain, type ExplainInput } from "./explain.js";
export { explainRequest, type RequestExplanation } from "./explain-request.js";
export { scenarioOfRun } from "./scenario-of-run.js";
