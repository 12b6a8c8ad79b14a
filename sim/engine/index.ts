/** Drives a policy with a cost model on the virtual clock, and keeps the request log. */
export { Ledger } from "./ledger.js";
export { simulate, type SimulationInput, type SimulationResult } from "./simulate.js";
export { describeLoad, machineOf, simulateRun, type SimulatedRunInput } from "./simulate-run.js";
