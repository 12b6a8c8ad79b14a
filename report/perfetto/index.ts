/** Traces of runs for Perfetto. */
export { traceLines } from "./trace-lines.js";
export { traceOf, traceOfRuns, type Trace, type TracedRun } from "./trace-of.js";
