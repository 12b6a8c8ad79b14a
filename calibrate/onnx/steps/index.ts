/** Steps of continuous batching, measured one by one on the step graph. */
export { calibrateSteps, type CalibratedSteps } from "./calibrate-steps.js";
export { readStepMeasurements, stepRawPathOf, writeSteps } from "./step-raw-file.js";
export { prepareReferenceStep } from "./reference-step.js";
