/** Results in the keys of `vllm bench serve --save-result` (vllm/benchmarks/serve.py of 0.32): what does not come from latencies. */
import type { RunInfo } from "./run/index.js";

/** The keys of what was asked, and of whom. */
export function setupKeys({ model, label }: { model: RunInfo["model"]; label?: unknown }, backend: string) {
  return { endpoint_type: backend, backend, label: label ?? null, model_id: model.name, tokenizer_id: null };
}

/** The keys of a load, as run.json describes it. */
export function arrivalKeys(load: RunInfo["load"]): Record<string, unknown> {
  const { ramp_up_strategy, ramp_up_start_rps, ramp_up_end_rps } = load;
  return {
    request_rate: load.request_rate ?? "inf",
    burstiness: load.burstiness ?? 1,
    max_concurrency: load.max_concurrency ?? null,
    ...(ramp_up_strategy === undefined ? {} : { ramp_up_strategy, ramp_up_start_rps, ramp_up_end_rps }),
  };
}

const resultKeys = new Set([
  ...["date", "endpoint_type", "backend", "label", "tls_verified", "model_id", "tokenizer_id", "num_prompts"],
  ...["request_rate", "burstiness", "max_concurrency", "ramp_up_strategy", "ramp_up_start_rps", "ramp_up_end_rps"],
  ...["duration", "completed", "failed", "total_input_tokens", "total_output_tokens", "request_throughput"],
  ...["request_goodput", "output_throughput", "total_token_throughput", "max_output_tokens_per_s", "rtfx"],
  ...["max_concurrent_requests", "input_lens", "output_lens", "ttfts", "itls", "latencies", "start_times"],
  ...["queue_times", "generated_texts", "errors", "source", "policy"],
]);

/** Whether results have that key themselves, so that no metadata can be kept under it. */
export function isResultKey(key: string): boolean {
  return resultKeys.has(key) || /^(mean|median|std|p[\d.]+)_(ttft|tpot|itl|e2el|queue)_ms$/.test(key);
}

/** As vLLM writes it: 20261124-180722, of the local time. */
export function compactDate(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
