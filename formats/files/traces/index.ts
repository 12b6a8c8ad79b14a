/** Traces of requests in the forms that others publish: read, and written. */
export { readTrace, traceOptionsOf } from "./read-trace.js";
export { writeTrace, writtenForms, type WrittenForm } from "./write-trace.js";
