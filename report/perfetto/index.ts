/** Traces of runs for Perfetto. */
export { traceLines } from "./trace-lines.js";
export { traceOf, type Trace } from "./trace-of.js";
