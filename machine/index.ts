/** The machine that servesim runs on: what it is, what else is at work on it, what its GPU has left. */
export { availableMemoryBytes, cpuModel, describeMachine, readGpu, type Gpu } from "./describe-machine.js";
export { GpuMemoryWatch } from "./gpu-memory.js";
export { otherCores, readLoad, WORTH_TELLING_CORES, type LoadSnapshot } from "./other-load.js";
