/** What measuring needs of the machine: executors, a clock and the counters. Tests give a simulated one. */
import type { OnnxExecutor } from "../../../onnx/index.js";
import type { BatchShape } from "../../fit/index.js";
import type { LoadSnapshot } from "../../../machine/index.js";

export interface MeasuringBench {
  readonly executor: OnnxExecutor;
  /** Another, fresh executor of the same model, for its cold start; the caller closes it. */
  startExecutor(): Promise<OnnxExecutor>;
  /** Monotonic whole nanoseconds, the executor's own clock. */
  nowNs(): number;
  /** What reading that clock costs; inside every duration, and taken off it. */
  readonly timerNs: number;
  /** Whether memory is enough for a shape that may take much of it, found out where it can do no harm; absent: not looked. */
  fitsApart?(shape: BatchShape): Promise<boolean>;
  readLoad(): LoadSnapshot;
  /** Memory that batches may take, once the model is loaded. */
  readonly availableBytes: number;
  /** Replaces the peak that the executor reports, where memory is not the process's own (GPU). */
  readonly readPeakBytes?: () => Promise<number>;
}

const TIMER_READS = 1001;

/** Median nanoseconds between two readings of a clock that directly follow each other. */
export function timerOverheadNs(nowNs: () => number): number {
  const differences = Float64Array.from({ length: TIMER_READS }, () => -nowNs() + nowNs()).sort();
  return differences[(TIMER_READS - 1) / 2]!;
}
