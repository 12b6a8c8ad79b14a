/** How many replicas serve a load within latency goals. */
export { findSize, type Size, type SizeOptions } from "./size.js";
export { sizeAnswer } from "./size-answer.js";
