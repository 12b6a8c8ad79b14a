/** A real run from the command line: signals, a progress bar, a journal, and what becomes of a run that is stopped. */
import type { RunJournal } from "../formats/index.js";
import { RunFailed, RunInterrupted } from "../real/index.js";
import { deliverRun, keptAsItGoes, type deliveryFlags } from "./deliver-run.js";
import type { Flags } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { startProgress } from "./progress.js";

/** What a run gets to use while it goes on. */
export interface During {
  readonly signal: AbortSignal;
  readonly onProgress: (ended: number, total: number) => void;
  readonly journal: RunJournal | undefined;
}

/**
 * Measures while handling signals. If the run is stopped or fails, the requests that had finished are printed and kept,
 * marked invalid, and the exit code says so.
 */
export async function realRun<T>(
  title: string,
  flags: Flags<typeof deliveryFlags>,
  measure: (during: During) => Promise<T>,
): Promise<T> {
  try {
    return await keptAsItGoes(flags, (journal) =>
      interruptible(async (signal) => {
        const bar = startProgress(title);
        try {
          const onProgress = (ended: number, total: number): void => {
            bar.update(ended, total);
          };
          return await measure({ signal, onProgress, journal });
        } finally {
          bar.stop();
        }
      }),
    );
  } catch (error) {
    if ((error instanceof RunInterrupted || error instanceof RunFailed) && error.run !== undefined)
      await deliverRun(error.run, flags, { isKept: true });
    throw error;
  }
}
