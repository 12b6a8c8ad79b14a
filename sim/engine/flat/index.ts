/** The engine of the counting scheduler, compiled. */
export { FlatLoop } from "./flat-loop.js";
export { isWithinReach } from "./inputs.js";
