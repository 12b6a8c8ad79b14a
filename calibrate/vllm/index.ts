/** Calibration of a vLLM server: recorded runs to a profile of its engine; the probes of a live calibration. */
export { calibrateVllm, type VllmCalibrationOptions } from "./calibrate-vllm.js";
export { probePlan, type ProbePlan } from "./probe-plan.js";
export type { RecordedRun } from "./recorded-run.js";
export { runPaceOf, type RunPace } from "./run-pace.js";
export { loadOf, withRunSpread } from "./run-spread.js";
export { fitBlackBox } from "./black-box.js";
export { blackBoxConstants, type BlackBoxConstants } from "./black-box-constants.js";
export { trialReplay } from "./client-target.js";
export { costOf } from "./black-box-model.js";
export { guessed, startFrom } from "./black-box-start.js";
export { searchCosts } from "./search-costs.js";
