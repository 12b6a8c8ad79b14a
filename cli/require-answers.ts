/** A bench without a single answer has measured nothing: it exits with 3, after its folder is written. */
import { BackendError, eachRequest, type Run } from "../formats/index.js";
import { columnsIn } from "../sim/index.js";

/** BackendError for the first run whose every request failed. */
export function requireAnswers(runs: readonly Run[]): void {
  for (const run of runs) {
    const { rows, ok } = columnsIn(run);
    const [first] = eachRequest(run);
    if (first === undefined || ok.includes(1)) continue;
    throw new BackendError(
      `none of ${rows} requests got an answer, the first (${first.requestId}) because: ${first.error ?? "no reason given"}`,
    );
  }
}
