/** What every worker thread that runs a model has: the main thread's side, and its peak memory. */
export { readPeakRssBytes, resetPeakRss } from "./peak-rss.js";
export { WorkerThread, type WorkerReply } from "./worker-thread.js";
