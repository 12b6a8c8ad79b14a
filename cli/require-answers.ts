/** A bench that nothing answered has measured nothing, and ends as what it measured did: exit 3, after its folder is written. */
import { BackendError, type Run } from "../formats/index.js";

/** BackendError for the first run whose every request failed. */
export function requireAnswers(runs: readonly Run[]): void {
  for (const { requests } of runs) {
    if (requests.length === 0 || requests.some(({ status }) => status === "ok")) continue;
    const first = requests[0]!;
    throw new BackendError(
      `none of ${requests.length} requests got an answer, the first (${first.requestId}) because: ${first.error ?? "no reason given"}`,
    );
  }
}
