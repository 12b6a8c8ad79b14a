/** Drives schedulers with cost models on the virtual clock, and keeps the request log. */
export { stopNames, type AdmissionStops } from "./admission-stops.js";
export type { Fleet, FleetState } from "./fleet.js";
export { FrontEnd, type OutputToSend } from "./front-end.js";
export { Ledger } from "./ledger.js";
export { recordedCounts } from "./recorded-counts.js";
export { StepLog, tokenByToken } from "./step-log.js";
export { recordOf, tableOf } from "./step-records.js";
export { simulate, type SimulationInput, type SimulationResult } from "./simulate.js";
export { engineNames, simulateSteps, type EngineName, type StepSimulationResult } from "./simulate-steps.js";
export { describeLoad, type RunOutcome } from "./describe-run.js";
export { defaultJitter, isJittered } from "./is-jittered.js";
export { machineOf } from "./machine-of.js";
export { requireColdStart, type SimulatedRunInput } from "./run-input.js";
export { simulateOutcome, simulateRun } from "./simulate-run.js";
export type { Observe, ObservedPass, StepObserver } from "./step-observer.js";
export { replayInput, replayRecording, type ReplayOptions } from "./replay-recording.js";
export { routersOf } from "./routers-of.js";
