/** Sweeps: many simulations from one file, on any number of threads, processes and machines, merged into one table. */
export { cellName, type SweepCell } from "./cells.js";
export { sweepFolder, type SweepFolder } from "./folder.js";
export { mergeSweep } from "./merge.js";
export { isSwept, sweepCharts, sweepPage, sweptLines, type SweepPage, type SweptLines } from "./page/index.js";
export {
  collectRows,
  queueAddress,
  queueStatus,
  runQueue,
  type AskQueueOptions,
  type RunQueueOptions,
} from "./queue/index.js";
export { makePlan, runSweep, type MadePlan, type RunSweepOptions } from "./run-sweep.js";
export { parseShard, type Shard } from "./shard.js";
export { sweepStatus, type SweepStatus } from "./status.js";
