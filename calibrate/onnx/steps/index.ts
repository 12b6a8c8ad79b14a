/** Steps of continuous batching, measured one by one on the step graph. */
export { calibrateSteps, type CalibratedSteps } from "./calibrate-steps.js";
export { prepareReferenceStep } from "./run-step.js";
