/** What sending a load cost the client: its CPU time, and how late its event loops turned. */
import { greatest } from "../../formats/index.js";
import { cpus } from "node:os";
import { otherCores, readLoad } from "../../machine/index.js";
import { watchEventLoop, type EventLoopDelay } from "../event-loop-delay.js";
import type { RunSurroundings } from "../validity.js";

export interface ClientWatch extends RunSurroundings {
  /** Cores that this process used on average, its worker threads included. */
  readonly ownCores: number;
}

/** Watches this process from now on; the function returned ends it. */
export function watchClient(): () => ClientWatch {
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

/** The worst of several event loops, quantile by quantile. */
export function worstDelay(delays: readonly EventLoopDelay[]): EventLoopDelay {
  const most = (of: (delay: EventLoopDelay) => number): number => Math.max(0, greatest(delays.map(of)));
  return { p50Ns: most(({ p50Ns }) => p50Ns), p99Ns: most(({ p99Ns }) => p99Ns), maxNs: most(({ maxNs }) => maxNs) };
}
