/** Calibration of a vLLM server: recorded runs to a profile of its engine; the probes of a live calibration. */
export { calibrateVllm, type VllmCalibrationOptions } from "./calibrate-vllm.js";
export {
  blackBoxConstants,
  costOf,
  fitBlackBox,
  guessed,
  searchCosts,
  startFrom,
  trialReplay,
  type BlackBoxConstants,
} from "./client-times/index.js";
export {
  learntPace,
  probeLoads,
  probePlan,
  type Pace,
  type ProbedServer,
  type ProbeGroup,
  type ProbeLoad,
  type ProbePlan,
} from "./probes/index.js";
export { stepLogConstants, type StepLogConstants } from "./step-log-constants.js";
export type { RecordedRun } from "./recording/index.js";
export { loadOf, runPaceOf, pacedRuns, withPaces, withRunPaces, type RunPace } from "./step-logs/index.js";
