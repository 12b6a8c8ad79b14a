/** Runs on disk: servesim's own folders, and recordings that others made. */
export { readLlmServingSim } from "./llmservingsim.js";
export { holdsCutRun, readRun, requireReplaceable, writeRun } from "./run-folder.js";
export { runLog, type RunLog } from "./run-log.js";
export { readBlockCounts, readScheduledSteps, readSteps, type BlockCounts } from "./steps-file.js";
export { readVllmBench } from "./vllm-bench.js";
