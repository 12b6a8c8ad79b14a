/** What is sent and when: loads as users write them, and the requests and sessions that come of them. */
export { parseClasses, type RequestClass } from "./classes.js";
export * from "./load.js";
export { parsePatience } from "./patience.js";
export * from "./session.js";
export { datasetNames, labelSchema, loadShape, MAX_LABEL, type Load } from "./shape.js";
export * from "./trace.js";
export * from "./workload.js";
