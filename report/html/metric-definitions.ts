/** The metrics in one line each, for a report's section; docs/metrics.md has them in full. */
import type { ReportSection } from "./report-input.js";

/** Ready to be put among `ReportInput.sections`. */
export const metricDefinitions: ReportSection = {
  heading: "Metrics",
  facts: [
    ["ttft", "time to first token: first token − arrival"],
    ["latency, e2el", "end to end: last token − arrival"],
    ["tpot", "time per output token after the first: (e2el − ttft) / (n_out − 1), for n_out > 1"],
    ["itl", "inter-token latency: every gap between two tokens of a request, all requests pooled"],
    ["ttft@NAME and others", "the same of one class of requests, where the load has classes"],
    ["queue time", "first scheduled − arrival"],
    ["throughput", "finished requests, output tokens or all tokens / (last token of the run − first arrival)"],
    ["p50, p90, p95, p99", "exact percentiles (R-7); hidden below 6, 36, 72, 368 requests"],
    [
      "error",
      "(simulated − real) / real, with a 90 % interval: Student's t on the real repeats, and what the simulation leaves open",
    ],
    [
      "verdict",
      "agrees: the interval lies within the tolerance; differs: it lies entirely outside; cannot tell: the noise is wider than " +
        "the tolerance, or the interval straddles its edge. With a single real run the noise is unknown unless the simulation " +
        "says how much runs differ: then nothing agrees, and only errors more than a factor of two beyond the tolerance differ",
    ],
  ],
};
