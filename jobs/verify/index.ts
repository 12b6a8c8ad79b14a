/** Checks answers on real machines. */
export { MAX_LOADS, MIN_LOADS, sides, type LoadToSend, type Side, type VerifyPlan } from "./loads.js";
export { planVerification } from "./plan.js";
export { verify, type Measured, type VerifyInput } from "./verify.js";
export { whyNotChecked } from "./why-not-checked.js";
