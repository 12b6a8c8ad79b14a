import { existsSync } from "node:fs";
import { readText } from "../../../formats/files/index.js";
import { bucketQuantile, countOf, differenceOf } from "./histogram.js";
import { readingOf, snapshotOf } from "./vllm-metrics.js";

const cpuText = "../shared/vllm-cpu/fixtures/metrics-gpt2-small.txt";
const h100 = "../shared/data/vllm-h100/gpt2";

function metrics(lines: readonly string[]): string {
  return lines.join("\n");
}

test("names of older vLLM versions are found too", () => {
  const reading = readingOf(metrics(["vllm:gpu_cache_usage_perc 0.25", "vllm:num_requests_running 2"]));
  expect(reading).toEqual({ running: 2, waiting: undefined, kv_fraction: 0.25, preemptions: undefined });
  const text = [
    'vllm:time_per_output_token_seconds_bucket{le="+Inf"} 3',
    "vllm:time_per_output_token_seconds_sum 0.06",
  ];
  expect(snapshotOf(metrics(text)).histograms.itl_ms).toEqual({ bounds: [Infinity], cumulative: [3], sum: 60 });
});

test("gauges of several engines: counts add up, fractions are averaged", () => {
  const two = ["0", "1"].flatMap((engine) => [
    `vllm:num_requests_running{engine="${engine}"} 4`,
    `vllm:kv_cache_usage_perc{engine="${engine}"} ${engine === "0" ? 0.5 : 0.1}`,
  ]);
  expect(readingOf(metrics(two))).toMatchObject({ running: 8, kv_fraction: 0.3 });
});

(existsSync(cpuText) ? test : test.skip)("a recorded text of vLLM 0.32 on a CPU", () => {
  const { counters, histograms, cacheConfig, startedAtS } = snapshotOf(readText(cpuText));
  expect(cacheConfig).toMatchObject({ block_size: 128, num_gpu_blocks: 227 });
  expect(startedAtS).toBe(1.79547141953e9);
  expect(counters).toMatchObject({ preemptions: 0, prompt_tokens: 25522, cached_tokens: 0, requests_finished: 590 });
  expect(countOf(histograms.ttft_ms!)).toBe(590);
  expect(histograms.ttft_ms!.sum).toBeCloseTo(68256.507, 2);
  expect(bucketQuantile(histograms.e2el_ms!, 0.5)).toMatchObject({ above: 300, atMost: 500 });
  expect(Object.keys(histograms)).toHaveLength(8);
});

(existsSync(h100) ? test : test.skip)("recorded texts of vLLM 0.26 on an H100, before and after a run", () => {
  const before = snapshotOf(readText(`${h100}/metrics-before.txt.gz`));
  const after = snapshotOf(readText(`${h100}/metrics-after.txt.gz`));
  expect(after.cacheConfig).toMatchObject({ block_size: 16, num_gpu_blocks: 131560 });
  const decode = differenceOf(after.histograms.decode_ms!, before.histograms.decode_ms)!;
  expect(countOf(decode)).toBe(after.counters.requests_finished! - before.counters.requests_finished!);
  expect(decode.sum).toBeGreaterThan(0);
});
