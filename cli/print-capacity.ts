/** Prints how a simulated load compares with what the server can take, and marks what grows with the run beyond that. */
import type { Run } from "../formats/index.js";
import type { RunCapacity } from "../sim/index.js";
import { figure, print, type TableCell } from "./output.js";

const clocks = { gpu: "GPU", host: "host thread", front_end: "front end" } as const;

/** A line or two; nothing for runs without a capacity. */
export function printCapacity({ info }: Run): void {
  const capacity = info.capacity as RunCapacity | null | undefined;
  if (capacity === undefined || capacity === null) return;
  const { requests_per_s, output_tokens_per_s, offered_requests_per_s: offered, utilisation, bound_by } = capacity;
  const { busiest, verdict, busy } = capacity;
  print(
    `capacity ${figure(requests_per_s)} requests/s, ${figure(output_tokens_per_s)} output tokens/s ` +
      `(to ${percent(capacity.half_width, 1)}), limited by ${limitText(bound_by, info)}; ` +
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

/** What binds, by the name of its setting where it has one. */
function limitText(bound: RunCapacity["bound_by"], { policy_settings }: Run["info"]): string {
  switch (bound) {
    case "seats":
      return policy_settings !== undefined && "max_num_seqs" in policy_settings ? "max_num_seqs" : "the batch size";
    case "kv_blocks":
      return "KV blocks";
    case "token_budget":
      return "max_num_batched_tokens";
    default:
      return clocks[bound];
  }
}

/** Whether a latency of the run says nothing but how long the run is, because its queue grows throughout. */
export function growsThroughout(capacity: RunCapacity | null | undefined, metric: string): boolean {
  return capacity?.verdict === "above" && capacity.utilisation > 1 && ["ttft", "e2el", "queue"].includes(metric);
}

/** What replaces the figures, across that many columns. */
export function growingText({ latency_growth_s_per_min: growth }: RunCapacity, columns: number): TableCell[] {
  return [{ colSpan: columns, content: `grows with the run: by ${figure(growth, 2)} s for every minute of it` }];
}

function percent(fraction: number, decimals = 0): string {
  return `${(100 * fraction).toFixed(decimals)} %`;
}
