/** Prints how well a load client kept its schedule, and the latencies counted from sending beside those from the schedule. */
import type { Run } from "../../../formats/index.js";
import type { ServerView } from "../../../real/vllm/server/index.js";
import type { Summary } from "../../../sim/index.js";
import { figure, print, printTable, TOO_FEW } from "../../printing/index.js";

const latencies = [
  ["ttft", "time to first token"],
  ["e2el", "end-to-end latency"],
] as const;
const columns = ["mean", "p50", "p90", "p95", "p99"] as const;

interface ClientInfo {
  readonly lag_ms: { readonly p50?: number; readonly p99?: number; readonly max?: number };
  readonly cpu: { readonly own_cores: number };
  readonly event_loop_delay_ms: { readonly p99: number; readonly max: number };
  readonly workers: number;
}

export function printClient({ info }: Run): void {
  const { client, from_sent: fromSent } = info as { client?: ClientInfo; from_sent?: Record<string, number | null> };
  if (client === undefined || fromSent === undefined) return;
  const { hidden_percentiles: hidden = [] } = (info.summary ?? {}) as Partial<Summary>;
  print("counted from sending, as a client that forgets its schedule would:");
  printTable(
    ["ms", ...columns],
    latencies.map(([metric, title]) => [
      title,
      ...columns.map((statistic) => {
        const key = `${statistic}_${metric}_ms`;
        return hidden.includes(key) ? TOO_FEW : figure(fromSent[key]);
      }),
    ]),
  );
  const { lag_ms: lag, event_loop_delay_ms: delay } = client;
  print(
    `client: sent ${figure(lag.p99, 3)} ms late at P99 (at most ${figure(lag.max, 3)}), event loop ${figure(delay.p99, 3)} ms ` +
      `late at P99, ${figure(client.cpu.own_cores, 2)} cores used by ${client.workers} thread${client.workers === 1 ? "" : "s"}`,
  );
}

const phases = ["queue", "prefill", "decode", "ttft", "e2el"] as const;

/** Means of the server's histograms (exact), and its gauges over the run. */
export function printServer(view: ServerView): void {
  const means = phases.flatMap((phase) => {
    const mean = view.histograms[`${phase}_ms`]?.mean;
    return mean == null ? [] : [`${phase} ${figure(mean)}`];
  });
  if (means.length > 0) print(`server: mean ${means.join(", ")} ms`);
  const { running, waiting, kv_fraction: kv } = view.gauges;
  const gauges = [
    ...(running === undefined ? [] : [`running ${figure(running.mean, 3)} (at most ${running.max})`]),
    ...(waiting === undefined ? [] : [`waiting ${figure(waiting.mean, 3)} (at most ${waiting.max})`]),
    ...(kv === undefined ? [] : [`KV at most ${figure(kv.max * 100, 3)} %`]),
    ...(view.counters.preemptions === undefined ? [] : [`${view.counters.preemptions} preemptions`]),
  ];
  if (gauges.length > 0) print(`server: ${gauges.join(", ")}`);
}
