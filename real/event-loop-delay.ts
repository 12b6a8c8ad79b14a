/**
 * How late the event loop turned while a run was on: sending, and seeing an answer, wait for it. Sampled by a timer whose
 * own period is taken off. Nanoseconds.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Quantiles of the delay over a run. */
export interface EventLoopDelay {
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
}

/** The part of a perf_hooks histogram that is read. */
export interface DelayHistogram {
  readonly max: number;
  percentile(percent: number): number;
}

/**
 * Each sample wakes this thread. Where the model computes on every core of this machine, a sample a millisecond made its steps 6 to
 * 14 % slower; one in twenty cannot be told from none.
 */
const RESOLUTION_MS = 20;

/** Starts watching; the function returned stops it and returns the quantiles. */
export function watchEventLoop(): () => EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    histogram.disable();
    return delayOf(histogram);
  };
}

/** What lies beyond the timer's own period; 0 where the timer never fired. */
export function delayOf(histogram: DelayHistogram): EventLoopDelay {
  const beyond = (ns: number): number => Math.max(0, Math.round(ns - RESOLUTION_MS * 1e6) || 0);
  return {
    p50Ns: beyond(histogram.percentile(50)),
    p99Ns: beyond(histogram.percentile(99)),
    maxNs: beyond(histogram.max),
  };
}
