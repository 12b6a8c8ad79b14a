export { modelledHardware } from "./batch-hardware.js";
export { EngineBatches } from "./engine-batches.js";
export { Ledger } from "./ledger.js";
export { simulate, simulateBatches, type SimulationInput, type SimulationResult } from "./simulate.js";
