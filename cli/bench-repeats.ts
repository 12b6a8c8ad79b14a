/** The repeats of a real run: each with signals heard, kept and printed as it ends. */
import type { Run } from "../formats/index.js";
import type { BenchRequest } from "./bench.js";
import { deliverRun } from "./deliver-run.js";
import { realRun, type During } from "./real-run.js";
import { requireAnswers } from "./require-answers.js";

export async function runRepeats(
  policy: string,
  { flags, places }: Pick<BenchRequest, "flags" | "places">,
  measure: (during: During & { readonly date: string }) => Promise<Run>,
): Promise<void> {
  const runs: Run[] = [];
  for (const [at, output] of places.entries()) {
    const repeat = places.length === 1 ? "" : ` (${at + 1} of ${places.length})`;
    const title = `running ${policy} for real${repeat}, requests`;
    const run = await realRun(title, { ...flags, output }, (during) =>
      measure({ ...during, date: new Date().toISOString() }),
    );
    await deliverRun(run, { ...flags, output }, { isKept: true });
    runs.push(run);
  }
  requireAnswers(runs);
}
