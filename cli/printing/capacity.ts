/** Prints how a simulated load compares with what the server can take, and marks what grows with the run beyond that. */
import { percent } from "../../formats/index.js";
import type { RunCapacity } from "../../sim/index.js";
import { figure, print, type TableCell } from "./print.js";

const clocks = { gpu: "GPU", host: "host thread", front_end: "front end" } as const;
const limits = { ...clocks, kv_blocks: "KV blocks", token_budget: "max_num_batched_tokens" } as const;

export type SlotSetting = "max_num_seqs" | "the batch size";

/** A line or two; nothing for runs without a capacity. `slots`: the setting that says how many requests run at once. */
export function printCapacity(capacity: RunCapacity | null | undefined, slots: SlotSetting): void {
  if (capacity === undefined || capacity === null) return;
  const { requests_per_s, output_tokens_per_s, offered_requests_per_s: offered, utilisation, bound_by } = capacity;
  const { busiest, verdict, busy } = capacity;
  print(
    `capacity ${figure(requests_per_s)} requests/s, ${figure(output_tokens_per_s)} output tokens/s ` +
      `(to ${percent(capacity.half_width, 1)}), limited by ${bound_by === "seats" ? slots : limits[bound_by]}; ` +
      `offered ${figure(offered)} requests/s: ${percent(utilisation)}${busiest === undefined ? `, ${verdict}` : ""}`,
  );
  if (busiest !== undefined) {
    const { from_s, to_s, offered_requests_per_s: most, utilisation: share } = busiest;
    print(
      `busiest from ${figure(from_s)} to ${figure(to_s)} s: ${figure(most)} requests/s, ${percent(share)} of capacity, ` +
        verdict,
    );
  }
  // Profiles of whole batches have a single clock.
  if (busy.host === 0 && busy.front_end === 0) print(`busy during the run: ${percent(busy.gpu)}`);
  else {
    const shares = Object.entries(clocks).map(
      ([name, what]) => `${what} ${percent(busy[name as keyof typeof clocks])}`,
    );
    print(`busy during the run: ${shares.join(", ")}`);
  }
}

/** Whether a latency of the run says nothing but how long the run is, because its queue grows throughout. */
export function growsThroughout(capacity: RunCapacity | null | undefined, metric: string): boolean {
  if (capacity?.latency_growth_s_per_min === undefined) return false;
  return capacity.verdict === "above" && capacity.utilisation > 1 && ["ttft", "e2el", "queue"].includes(metric);
}

/** What replaces the figures, across that many columns. */
export function growingText({ latency_growth_s_per_min: growth }: RunCapacity, columns: number): TableCell[] {
  return [{ colSpan: columns, content: `grows with the run: by ${figure(growth, 2)} s for every minute of it` }];
}
