/** Work on an answer with its progress on stderr; Ctrl-C ends it before anything is written. */
import { Interrupted } from "./fail.js";
import { interruptible, type Blocking } from "./interrupt.js";
import { startProgress } from "./progress.js";

export interface SearchOptions {
  readonly signal: AbortSignal;
  readonly blocking: Blocking;
  readonly onProgress: (done: number, atMost: number, what?: string) => void;
}

export function searched<Found>(title: string, work: (options: SearchOptions) => Promise<Found>): Promise<Found> {
  return interruptible(async (signal, blocking) => {
    const progress = startProgress(title);
    const onProgress = (done: number, atMost: number, what?: string): void => {
      progress.update(done, atMost, what);
    };
    try {
      return await work({ signal, blocking, onProgress });
    } catch (error) {
      throw signal.aborted ? new Interrupted("nothing was written") : error;
    } finally {
      progress.stop();
    }
  });
}
