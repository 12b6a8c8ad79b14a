export { endOnGpu } from "./end-on-gpu.js";
export { type EngineLoopInput, PreemptionError } from "./engine-loop-input.js";
export { EngineLoop } from "./engine-loop.js";
export { FrontEnd, type OutputToSend } from "./front-end.js";
export type { Output } from "./outputs.js";
export { livelock, nothingScheduled } from "./progress.js";
export { isQueueRejection, QueueLimits } from "./queue-limits.js";
export type { ServerLoop } from "./server-loop.js";
export type { Observe, ObservedPass, StepObserver } from "./step-observer.js";
