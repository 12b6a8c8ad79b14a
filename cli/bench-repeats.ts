/** The repeats of a real run: each handles signals, and is kept and printed as it ends. */
import { defined, type Run, type Workload } from "../formats/index.js";
import type { BenchRequest } from "./bench-flags.js";
import { deliverRun } from "./deliver-run.js";
import { realRun, type During } from "./real-run.js";
import { requireAnswers } from "./require-answers.js";

/** A repeat, with what to print and what to keep beside its run. */
export interface MeasuredRepeat {
  readonly run: Run;
  readonly printMore?: () => void;
  /** Called once the run itself is kept, with its folder and its number from 0. */
  readonly keepMore?: (output: string | undefined, at: number) => Promise<void>;
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
    const { run, printMore, keepMore } = await realRun(
      { title: `${title}${repeat}, requests`, workload, flags: delivery },
      (during) => measure({ ...during, date: new Date().toISOString() }),
    );
    // First of all, so that a later failure does not lose the run.
    await deliverRun(run, delivery, { isKept: true, ...defined({ printMore }) });
    await keepMore?.(output, at);
    runs.push(run);
  }
  requireAnswers(runs);
}
