/** A real run from the command line: signals, a progress bar, a journal, and what becomes of a run that is stopped. */
import type { RunJournal, Workload } from "../formats/index.js";
import { RunFailed, RunInterrupted, watchRun, type OnProgress } from "../real/index.js";
import { deliverRun, keptAsItGoes, type deliveryFlags } from "./deliver-run.js";
import type { Flags } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { startProgress } from "./progress.js";

/** What a run gets to use while it goes on. */
export interface During {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly journal: RunJournal | undefined;
}

export interface RealRunOptions {
  /** What is going on. */
  readonly title: string;
  readonly workload: Workload;
  readonly flags: Flags<typeof deliveryFlags>;
}

/**
 * Measures while handling signals, and shows how it goes. If the run is stopped or fails, the requests that had finished are printed and kept,
 * marked invalid, and the exit code says so.
 */
export async function realRun<T>(
  { title, workload, flags }: RealRunOptions,
  measure: (during: During) => Promise<T>,
): Promise<T> {
  try {
    return await keptAsItGoes(flags, (journal) =>
      interruptible(async (signal) => {
        const bar = startProgress(title);
        const watched = watchRun(workload, (ended, figures) => {
          bar.update(ended, workload.requests.length, figures);
        });
        try {
          return await measure({ signal, onProgress: watched.onProgress, journal });
        } finally {
          watched.stop();
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
