/** Charts of runs as SVG text. Importing loads d3 and jsdom: import lazily. */
export { inPolicyOrder, policyLooks, type ChartSource, type PolicyLook } from "./drawing/index.js";
export * from "./pictures/index.js";
export * from "./profiles/index.js";
export * from "./requests/index.js";
export * from "./runs/index.js";
