/** vLLM's scheduler, by requests. These files compile to JavaScript and to WebAssembly (docs/design.md, "One source"). */
export { KvBlocks } from "./kv-blocks.js";
export { Limits } from "./limits.js";
export { Ranking } from "./ranking.js";
export { Request, RequestPool, WAITING } from "./request.js";
export { Scheduler } from "./scheduler.js";
export { Step } from "./step.js";
