/** Real runs: the policies of sim/policy on the real clock and real hardware. */
export { realClock, type Clock } from "./clock.js";
export { watchRun, type OnProgress, type WatchedRun } from "./live-figures.js";
export { drive, RunFailed, RunInterrupted, type DriveInput, type DriveResult, type EndedRequest } from "./drive.js";
export {
  benchOnnx,
  benchSteps,
  realStepPlan,
  requireSlotMemory,
  startStepExecutor,
  type OnnxBenchInput,
  type RealRunInput,
  type StepBenchInput,
  type StepExecutor,
} from "./onnx/index.js";
