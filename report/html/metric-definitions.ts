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
    ["queue time", "first scheduled − arrival"],
    ["throughput", "finished requests, output tokens or all tokens / (last token of the run − first arrival)"],
    ["p50, p90, p95, p99", "exact percentiles (R-7); hidden below 6, 36, 72, 368 requests"],
    ["error", "(simulated − real) / real, 95 % interval by bootstrap"],
    [
      "inside the noise",
      "the simulation lies between the lowest and highest real repeat (one repeat: 0 lies in the error's interval); " +
        "a further real run would itself fall outside the range of three repeats half of the time",
    ],
  ],
};
