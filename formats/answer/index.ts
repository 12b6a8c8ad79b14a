/** Questions about a deployment: the goals, an autoscaler, the answer and its verification. */
export * from "./answer.js";
export * from "./autoscale.js";
export * from "./slo.js";
export * from "./verification.js";
