/** Whether a real run may be trusted, with the reasons when it may not (design.md, "Real runs"). */
import type { RequestRecord, RunInfo } from "../formats/index.js";
import { quantile } from "../sim/index.js";

const MAX_LAG_P99_NS = 5_000_000;

/** `sendLagsNs`: how late each request was sent. */
export function validity(requests: readonly RequestRecord[], sendLagsNs: readonly number[]): RunInfo["valid"] {
  const reasons: string[] = [];
  const lagP99Ns = quantile(Float64Array.from(sendLagsNs).sort(), 0.99);
  if (lagP99Ns > MAX_LAG_P99_NS) {
    reasons.push(
      `the client lagged: P99 of the sending delay is ${(lagP99Ns / 1e6).toFixed(1)} ms, at most 5 ms is valid`,
    );
  }
  const failed = requests.filter((request) => request.status === "error");
  if (failed.length > 0)
    reasons.push(`${failed.length} requests failed, the first with: ${failed[0]!.error ?? "no reason"}`);
  return { ok: reasons.length === 0, reasons };
}
