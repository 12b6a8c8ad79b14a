/** The repeats of a real run: each handles signals, and is kept and printed as it ends. */
import {
  BackendError,
  defined,
  eachRequest,
  type Run,
  type RunJournal,
  type Workload,
} from "../../../formats/index.js";
import { RunFailed, RunInterrupted, watchRun, type OnProgress } from "../../../real/index.js";
import { columnsIn } from "../../../sim/index.js";
import type { Flags } from "../../flags/index.js";
import { interruptible, startProgress } from "../../process/index.js";
import { deliverRun, keptAsItGoes, type deliveryFlags } from "../../runs/index.js";
import type { BenchRequest } from "./flags.js";

/** A repeat, with what to print and what to keep beside its run. */
export interface MeasuredRepeat {
  readonly run: Run;
  readonly printMore?: () => void;
  /** Called once the run itself is kept in the folder `output`. `at`: the number of the repeat, from 0. */
  readonly keepMore: (at: number, output: string | undefined) => Promise<void> | void;
}

/** Measures each repeat; `title` says what is going on. */
export async function runRepeats(
  title: string,
  { flags, places, workload }: Pick<BenchRequest, "flags" | "places"> & { readonly workload: Workload },
  measure: (during: During & { readonly date: string }) => Promise<MeasuredRepeat>,
): Promise<void> {
  const runs: Run[] = [];
  for (const [at, output] of places.entries()) {
    const repeat = places.length === 1 ? "" : ` (${at + 1} of ${places.length})`;
    const delivery = { ...flags, output };
    const named = `${title}${repeat}, requests`;
    const { run, printMore, keepMore } = await realRun(named, { workload, flags: delivery }, (during) =>
      measure({ ...during, date: new Date().toISOString() }),
    );
    // First of all, so that a later failure does not lose the run.
    await deliverRun(run, delivery, { isKept: true, ...defined({ printMore }) });
    await keepMore(at, output);
    runs.push(run);
  }
  requireAnswers(runs);
}

/** What a run gets to use while it goes on. */
interface During {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly journal: RunJournal | undefined;
}

/**
 * Measures while handling signals, and shows how it goes. If the run is stopped or fails, the requests that had finished
 * are printed and kept, marked invalid, and the exit code says so.
 */
async function realRun<T>(
  title: string,
  { workload, flags }: { readonly workload: Workload; readonly flags: Flags<typeof deliveryFlags> },
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

/** BackendError for the first run whose every request failed. */
function requireAnswers(runs: readonly Run[]): void {
  for (const run of runs) {
    const { rows, ok } = columnsIn(run);
    const [first] = eachRequest(run);
    if (first === undefined || ok.includes(1)) continue;
    throw new BackendError(
      `none of ${rows} requests got an answer, the first (${first.requestId}) because: ${first.error ?? "no reason given"}`,
    );
  }
}
