/** Prints a run's summary: a table for people (percentiles of too few requests hidden), vLLM bench's keys for machines. */
import type { Run } from "../formats/index.js";
import { summarise } from "../sim/index.js";
import { figure, print, printJson, printTable, warn } from "./output.js";

const metrics = [
  ["ttft", "time to first token"],
  ["tpot", "time per output token"],
  ["e2el", "end-to-end latency"],
  ["queue", "queue time"],
] as const;
const columns = ["mean", "p50", "p90", "p95", "p99"] as const;

export function printRun(run: Run, asJson: boolean): void {
  const summary = summarise(run);
  const { source, policy, engine, model, valid, notes } = run.info;
  if (asJson) {
    const context = {
      source,
      policy,
      engine: engine.name,
      model: model.name,
      policy_settings: run.info.policy_settings,
    };
    printJson({ ...context, ...summary, valid: valid ?? null, notes: notes ?? [] });
    return;
  }
  print(
    `${source === "sim" ? "simulated" : "real"} ${policy} on ${model.name} (${engine.name}): ` +
      `${summary.completed} requests in ${figure(summary.duration)} s, ${figure(summary.request_throughput)} requests/s, ` +
      `${figure(summary.output_throughput)} output tokens/s`,
  );
  printTable(
    ["ms", ...columns],
    metrics.map(([metric, title]) => [
      title,
      ...columns.map((statistic) => {
        const key = `${statistic}_${metric}_ms` as const;
        return summary.hidden_percentiles.includes(key) ? "(n too small)" : figure(summary[key]);
      }),
    ]),
  );
  if (summary.failed > 0) {
    const first = run.requests.find((request) => request.status !== "ok");
    warn(`${summary.failed} requests got no answer, the first because: ${first?.error ?? "no reason given"}`);
  }
  for (const text of notes ?? []) warn(text);
  for (const reason of valid?.reasons ?? []) warn(`run is not valid: ${reason}`);
}
