/** The page's worker, and what it answers. */
export { startWorker } from "./start-worker.js";
export type {
  FromWorker,
  Outcome,
  Outcomes,
  Quantiles,
  ShownRun,
  Stage,
  SweepPoint,
  ToWorker,
  Watched,
} from "./messages.js";
export type { Frame, FrameRow, Frames, Holding } from "./frame.js";
