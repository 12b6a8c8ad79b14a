/** Prints where the time of one request went, and which share of the run's requests it was slower than. */
import { percent } from "../formats/index.js";
import type { RequestExplanation } from "../jobs/explain/index.js";
import { partTitles } from "../report/html/index.js";
import { figure, print, printTable } from "./output.js";

const titles = { ttft: "time to first token", tpot: "per output token", e2el: "end-to-end latency" } as const;
/** Of a latency; parts below it in all of them are left out. */
const LEAST_SHARE = 0.0005;

export function printExplainedRequest(explained: RequestExplanation): void {
  const { request_id: id, arrival_ms: arrivalMs, prompt_tokens, output_tokens, latencies, beside } = explained;
  print(
    `request ${id}: ${prompt_tokens} prompt and ${output_tokens} output tokens, came at ${figure(arrivalMs / 1e3)} s` +
      (beside === null ? "" : `, decoded beside ${figure(beside, 3)} requests on average, itself among them`),
  );
  const names = Object.keys(partTitles).filter((name) =>
    latencies.some(({ parts, value_ms }) => Math.abs(parts[name] ?? 0) > LEAST_SHARE * value_ms),
  );
  printTable(
    ["ms", ...latencies.map(({ metric }) => titles[metric])],
    [
      ["all", ...latencies.map(({ value_ms }) => figure(value_ms))],
      ...names.map((name) => [
        partTitles[name]!,
        ...latencies.map(({ parts, value_ms }) =>
          parts[name] === undefined ? "" : `${figure(parts[name], 3)} (${percent(parts[name] / value_ms)})`,
        ),
      ]),
      ["slower than", ...latencies.map(({ slower_than }) => `${percent(slower_than, 1)} of requests`)],
    ],
  );
}
