/** The simulation kernel: a calendar with a clock, and seeded random streams. Knows nothing of serving. */
export { Calendar } from "./calendar.js";
export { exponential, gamma, normal, stream, type Random, shuffled } from "./random.js";
export { Fifo } from "./fifo.js";
export { TimedRing } from "./timed-ring.js";
export { nearestRank } from "./nearest-rank.js";
export { normalQuantile } from "./normal-quantile.js";
export { BLOCK_CELLS, BulkTable, bulkDraws, FILL_DRAWS } from "./bulk-draws.js";
export { Sfc32, seedsOf } from "./sfc32.js";
export { programOf } from "./program.js";
