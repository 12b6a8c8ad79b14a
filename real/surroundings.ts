/**
 * What goes on beside a real run: other processes' work, this process's own, and how late its event loop turns, for which sending
 * and seeing an answer wait. Nanoseconds.
 */
import { cpus } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { greatest } from "../formats/index.js";
import { otherCores, readLoad } from "../machine/index.js";

/** Quantiles of the event loop's delay over a run. */
export interface EventLoopDelay {
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
}

export interface RunSurroundings {
  /** Cores that other processes used on average, of how many, over how long; and those that this process used, its threads included. */
  readonly otherCores: number;
  readonly cores: number;
  readonly durationNs: number;
  readonly ownCores: number;
  readonly eventLoop: EventLoopDelay;
}

/** Watches from now on; the function returned ends it. */
export function watchSurroundings(): () => RunSurroundings {
  const endEventLoop = watchEventLoop();
  const before = readLoad();
  return () => {
    const after = readLoad();
    const durationNs = after.atNs - before.atNs;
    return {
      otherCores: otherCores(before, after),
      cores: cpus().length,
      durationNs,
      ownCores: durationNs > 0 ? (after.ownNs - before.ownNs) / durationNs : 0,
      eventLoop: endEventLoop(),
    };
  };
}

/**
 * Each sample wakes this thread. Where the model computes on every core of this machine, a sample a millisecond made its steps 6 to
 * 14 % slower; one in twenty cannot be told from none.
 */
const RESOLUTION_MS = 20;

/** Samples the delay by a timer whose own period is taken off; the function returned stops it and returns the quantiles. */
export function watchEventLoop(): () => EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    histogram.disable();
    return delayOf(histogram);
  };
}

/** What lies beyond the timer's own period; 0 where the timer never fired. Takes the part of a perf_hooks histogram that is read. */
export function delayOf(histogram: {
  readonly max: number;
  readonly percentile: (percent: number) => number;
}): EventLoopDelay {
  const beyond = (ns: number): number => Math.max(0, Math.round(ns - RESOLUTION_MS * 1e6) || 0);
  return {
    p50Ns: beyond(histogram.percentile(50)),
    p99Ns: beyond(histogram.percentile(99)),
    maxNs: beyond(histogram.max),
  };
}

/** The worst of several event loops, quantile by quantile. */
export function worstDelay(delays: readonly EventLoopDelay[]): EventLoopDelay {
  const most = (of: (delay: EventLoopDelay) => number): number => Math.max(0, greatest(delays.map(of)));
  return { p50Ns: most(({ p50Ns }) => p50Ns), p99Ns: most(({ p99Ns }) => p99Ns), maxNs: most(({ maxNs }) => maxNs) };
}

/** As run.json has it. */
export function eventLoopDelayMs({ p50Ns, p99Ns, maxNs }: EventLoopDelay): { p50: number; p99: number; max: number } {
  return { p50: roundedMs(p50Ns), p99: roundedMs(p99Ns), max: roundedMs(maxNs) };
}

/** To the microsecond. */
export function roundedMs(ns: number): number {
  return Math.round(ns / 1e3) / 1e3;
}
