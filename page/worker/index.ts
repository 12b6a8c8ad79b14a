/** What the page's worker answers; the simulator itself is only in the worker. */
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
