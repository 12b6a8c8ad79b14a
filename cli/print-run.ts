/** Prints a run's summary: a table for people (percentiles of too few requests hidden), vLLM bench's keys for machines. */
import type { Run } from "../formats/index.js";
import { columnsOf, summarise, type Summary } from "../sim/index.js";
import { figure, print, printJson, printTable, warn } from "./output.js";

const metrics = [
  ["ttft", "time to first token"],
  ["tpot", "time per output token"],
  ["itl", "inter-token latency"],
  ["e2el", "end-to-end latency"],
  ["queue", "queue time"],
] as const;
/** What only some runs tell, as run.json names it. */
const facts = ["engine_steps", "preemptions", "kv_blocks", "replicas", "router"] as const;
const columns = ["mean", "p50", "p90", "p95", "p99"] as const;

export function printRun(run: Run, asJson: boolean): void {
  const summary = (run.info.summary as Summary | undefined) ?? summarise(columnsOf(run.requests));
  const { source, policy, engine, model, valid, notes } = run.info;
  if (asJson) {
    const context = {
      source,
      policy,
      engine: engine.name,
      model: model.name,
      policy_settings: run.info.policy_settings,
    };
    const told = Object.fromEntries(facts.flatMap((key) => (key in run.info ? [[key, run.info[key]]] : [])));
    printJson({ ...context, ...told, ...summary, valid: valid ?? null, notes: notes ?? [] });
    return;
  }
  print(
    `${source === "sim" ? "simulated" : "real"} ${policy} on ${model.name} (${engine.name}): ` +
      `${summary.completed} requests in ${figure(summary.duration)} s, ${figure(summary.request_throughput)} requests/s, ` +
      `${figure(summary.output_throughput)} output tokens/s`,
  );
  printTable(
    ["ms", ...columns],
    metrics
      .filter(([metric]) => summary[`mean_${metric}_ms`] !== undefined)
      .map(([metric, title]) => [
        title,
        ...columns.map((statistic) => {
          const key = `${statistic}_${metric}_ms` as const;
          return summary.hidden_percentiles.includes(key) ? "(n too small)" : figure(summary[key]);
        }),
      ]),
  );
  printEngine(run);
  if (summary.failed > 0) {
    const first = run.requests.find((request) => request.status !== "ok");
    warn(`${summary.failed} requests got no answer, the first because: ${first?.error ?? "no reason given"}`);
  }
  for (const text of notes ?? []) warn(text);
  for (const reason of valid?.reasons ?? []) warn(`run is not valid: ${reason}`);
}

/** What continuous batching did: steps, preemptions, KV blocks. */
function printEngine({ info }: Run): void {
  const {
    engine_steps: steps,
    kv_blocks: kv,
    preemptions,
  } = info as {
    engine_steps?: { scheduled: number; jumped: number };
    kv_blocks?: { total: number; high_water: readonly number[] };
    preemptions?: number;
  };
  if (steps === undefined || kv === undefined) return;
  const all = steps.scheduled + steps.jumped;
  const replicas = kv.high_water.length > 1 ? ` on ${kv.high_water.length} replicas` : "";
  const used = Math.max(...kv.high_water);
  print(
    `${all} steps${replicas}, ${((100 * steps.jumped) / Math.max(1, all)).toFixed(0)} % of them jumped over; ` +
      `${preemptions ?? 0} preemptions; at most ${used} of ${kv.total} KV blocks in use ` +
      `(${((100 * used) / kv.total).toFixed(1)} %)`,
  );
}
