/** Prints how well a load client kept its schedule, and the latencies counted from sending beside those from the schedule. */
import type { Run } from "../formats/index.js";
import type { Summary } from "../sim/index.js";
import { figure, print, printTable } from "./output.js";

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
    (
      [
        ["ttft", "time to first token"],
        ["e2el", "end-to-end latency"],
      ] as const
    ).map(([metric, title]) => [
      title,
      ...columns.map((statistic) => {
        const key = `${statistic}_${metric}_ms`;
        return hidden.includes(key) ? "(n too small)" : figure(fromSent[key]);
      }),
    ]),
  );
  const { lag_ms: lag, event_loop_delay_ms: delay } = client;
  print(
    `client: sent ${figure(lag.p99, 3)} ms late at P99 (at most ${figure(lag.max, 3)}), event loop ${figure(delay.p99, 3)} ms ` +
      `late at P99, ${figure(client.cpu.own_cores, 2)} cores used by ${client.workers} thread${client.workers === 1 ? "" : "s"}`,
  );
}
