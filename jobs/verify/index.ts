/** Checks answers on real machines. */
export { deploymentOfAnswer } from "./deployment-of-answer.js";
export { loadsAround, MAX_LOADS, MIN_LOADS, type LoadToSend } from "./loads.js";
export { verify, type Measured, type VerifyInput } from "./verify.js";
