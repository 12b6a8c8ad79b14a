/**
 * The real clock: monotonic nanoseconds, and waiting until a moment without blocking the event loop. Timers are coarse
 * (a millisecond and more late), so the last stretch is waited turn by turn of the event loop.
 */

const COARSE_MARGIN_NS = 2_000_000;

export interface Clock {
  /** Whole nanoseconds since an arbitrary moment; the same clock in every thread of the process. */
  nowNs(): number;
  /**
   * Resolves at `timeNs` (at once when it is past), or as soon as the signal aborts. "coarse" may be a millisecond or two
   * late and leaves the processor to others meanwhile.
   */
  until(timeNs: number, signal: AbortSignal, precision?: "fine" | "coarse"): Promise<void>;
}

export const realClock: Clock = {
  nowNs: () => Number(process.hrtime.bigint()),
  async until(timeNs, signal, precision = "fine") {
    while (precision === "coarse" && !signal.aborted && realClock.nowNs() < timeNs) {
      await sleep((timeNs - realClock.nowNs()) / 1e6, signal);
    }
    const coarseMs = (timeNs - COARSE_MARGIN_NS - realClock.nowNs()) / 1e6;
    if (coarseMs > 0) await sleep(coarseMs, signal);
    while (!signal.aborted && realClock.nowNs() < timeNs) await new Promise(setImmediate);
  },
};

/** setTimeout's longest delay is 2^31 - 1 ms; longer ones would fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(ms, MAX_TIMEOUT_MS));
    signal.addEventListener("abort", done);
  });
}
