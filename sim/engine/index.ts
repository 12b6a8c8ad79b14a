/** Drives schedulers with cost models on the virtual clock, and keeps the request log. */
export { stopNames, type AdmissionStops } from "./admission-stops.js";
export { FrontEnd, type OutputToSend } from "./front-end.js";
export { Ledger } from "./ledger.js";
export { simulate, type SimulationInput, type SimulationResult } from "./simulate.js";
export { engineNames, simulateSteps, type EngineName, type StepSimulationResult } from "./simulate-steps.js";
export { describeLoad, isJittered, machineOf, simulateRun, type SimulatedRunInput } from "./simulate-run.js";
export { replayInput, replayRecording, type ReplayOptions } from "./replay-recording.js";
export { routerNames, type RouterName } from "./router.js";
