/** Real runs: the policies of sim/policy on the real clock and real hardware. */
export { realClock, type Clock } from "./clock.js";
export type { OnProgress } from "./live-figures.js";
export { watchRun, type WatchedRun } from "./watch-run.js";
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
