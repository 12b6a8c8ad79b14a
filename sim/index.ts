/**
 * servesim's simulator: workload -> policy -> cost model -> request log -> metrics. Pure: no file, no network, no wall
 * clock, no Math.random; runs in a browser as in Node.
 */
export * from "./capacity/index.js";
export * from "./cost/index.js";
export * from "./engine/index.js";
export * from "./explain/index.js";
export * from "./kernel/index.js";
export * from "./metrics/index.js";
export * from "./policy/index.js";
export * from "./router/index.js";
export * from "./slo/index.js";
export * from "./timeline/index.js";
export * from "./workload/index.js";
