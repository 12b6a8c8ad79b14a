/** Work that Ctrl-C stops, with its progress on stderr. */
import { note, warn } from "../printing/index.js";
import { Interrupted } from "./exit.js";
import { interruptible, type Blocking } from "./interrupt.js";
import { startProgress } from "./progress.js";

/** How jobs report while they work. */
export const reporter = { note, warn, progress: startProgress };

/** Interrupted, with what is `kept`, if the work was stopped. */
export function stoppable<Found>(
  kept: string,
  work: (signal: AbortSignal, blocking: Blocking) => Promise<Found>,
): Promise<Found> {
  return interruptible(async (signal, blocking) => {
    try {
      return await work(signal, blocking);
    } catch (error) {
      throw signal.aborted ? new Interrupted(kept) : error;
    }
  });
}

export interface SearchOptions {
  readonly signal: AbortSignal;
  readonly blocking: Blocking;
  readonly onProgress: (done: number, atMost: number, what?: string) => void;
}

/** The same for work that tells how far it is. */
export function searched<Found>(
  title: string,
  work: (options: SearchOptions) => Promise<Found>,
  kept = "nothing was written",
): Promise<Found> {
  return stoppable(kept, async (signal, blocking) => {
    const progress = startProgress(title);
    const onProgress: SearchOptions["onProgress"] = (done, atMost, what) => {
      progress.update(done, atMost, what);
    };
    try {
      return await work({ signal, blocking, onProgress });
    } finally {
      progress.stop();
    }
  });
}
