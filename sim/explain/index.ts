/** Where the time of each request went. */
export { explainRun, type ExplainedRun } from "./explain-run.js";
export { noParts, partNames, sumOfParts, type ExplainedRequest, type PartName, type Parts } from "./part-names.js";
