/** What goes on beside a real run: other processes' work, and how this process's event loop turns. */
import { cpus } from "node:os";
import { otherCores, readLoad } from "../machine/index.js";
import { watchEventLoop, type EventLoopDelay } from "./event-loop-delay.js";
import type { RunSurroundings } from "./validity.js";

/** Watches what others do and how the event loop turns; the function returned ends it. */
export function watchSurroundings(): () => RunSurroundings {
  const endEventLoop = watchEventLoop();
  const before = readLoad();
  return () => {
    const after = readLoad();
    return {
      otherCores: otherCores(before, after),
      cores: cpus().length,
      durationNs: after.atNs - before.atNs,
      eventLoop: endEventLoop(),
    };
  };
}

/** As run.json has it. */
export function eventLoopDelayMs({ p50Ns, p99Ns, maxNs }: EventLoopDelay): { p50: number; p99: number; max: number } {
  return { p50: roundedMs(p50Ns), p99: roundedMs(p99Ns), max: roundedMs(maxNs) };
}

/** To the microsecond. */
export function roundedMs(ns: number): number {
  return Math.round(ns / 1e3) / 1e3;
}
