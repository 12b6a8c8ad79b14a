/** Sweeps: many simulations from one file, on any number of threads, processes and machines, merged into one table. */
export { cellName, type SweepCell } from "./cells.js";
export { sweepFolder, type SweepFolder } from "./folder.js";
export { mergeSweep } from "./merge.js";
export { queueAddress } from "./queue-address.js";
export { collectRows, queueStatus, type AskQueueOptions } from "./queue-collect.js";
export { runQueue, type RunQueueOptions } from "./queue-run.js";
export { makePlan, runSweep, type MadePlan, type RunSweepOptions } from "./run-sweep.js";
export { parseShard, type Shard } from "./shard.js";
export { sweepStatus, type SweepStatus } from "./status.js";
export { isSwept, sweptLines, type SweptLines } from "./swept-lines.js";
export { sweepCharts } from "./sweep-charts.js";
export { sweepPage, type SweepPage } from "./sweep-page.js";
