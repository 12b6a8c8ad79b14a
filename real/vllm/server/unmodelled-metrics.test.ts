import { existsSync, readFileSync } from "node:fs";
import { unmodelledMetrics } from "./unmodelled-metrics.js";

const seen = (...lines: string[]): string[] => unmodelledMetrics(`${lines.join("\n")}\n`).map((of) => of.seen);

test("several engines, drafts, adapters and KV from elsewhere show in the metrics", () => {
  expect(seen('vllm:num_requests_running{engine="0"} 1', 'vllm:num_requests_running{engine="1"} 0')).toEqual([
    "/metrics has 2 engines (data parallelism)",
  ]);
  expect(seen("vllm:spec_decode_num_drafts_total 0")).toEqual([
    "/metrics has vllm:spec_decode_num_drafts_total (speculative decoding)",
  ]);
  expect(seen('vllm:lora_requests_info{max_lora="4"} 1')).toEqual(["/metrics has vllm:lora_requests_info (LoRA)"]);
  expect(seen("vllm:nixl_xfer_time_seconds_count 0")).toEqual([
    "/metrics has vllm:nixl_xfer_time_seconds_count (KV transfer)",
  ]);
  expect(seen("vllm:external_prefix_cache_queries_total 70")).toEqual([
    "/metrics: 70 tokens were looked for in another server's cache (KV transfer)",
  ]);
});

test("a plain server shows none", () => {
  expect(seen('vllm:num_requests_running{engine="0"} 1', "vllm:external_prefix_cache_queries_total 0")).toEqual([]);
});

const fixture = "../shared/vllm-cpu/fixtures/metrics-gpt2-small.txt";
(existsSync(fixture) ? test : test.skip)("nor does a recorded one", () => {
  expect(unmodelledMetrics(readFileSync(fixture, "utf8"))).toEqual([]);
});
