/** What a server said of a run, under the client's figures. */
import type { ServerView } from "../real/vllm/server/index.js";
import { figure, print } from "./output.js";

const names = [
  ["queue_ms", "queue"],
  ["prefill_ms", "prefill"],
  ["decode_ms", "decode"],
  ["ttft_ms", "ttft"],
  ["e2el_ms", "e2el"],
] as const;

/** Means of the server's histograms (exact), and its gauges over the run. */
export function printServer(view: ServerView): void {
  const means = names.flatMap(([name, label]) => {
    const mean = view.histograms[name]?.mean;
    return mean == null ? [] : [`${label} ${figure(mean)}`];
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
