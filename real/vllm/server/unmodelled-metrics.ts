/**
 * What a server's metrics show of features that are not modelled. vLLM registers the counters of drafts and adapters only
 * where they are on; those of a KV connector are always there and count only with one. Source: vllm/v1/metrics (behaviour).
 */
import { unmodelledFeature, type Unmodelled } from "../../../sim/index.js";
import { parsePrometheus } from "./prometheus.js";

/** All that is looked for; what else a text holds is not read. */
const vllmNames = { has: (name: string): boolean => name.startsWith("vllm:") };

export function unmodelledMetrics(text: string): Unmodelled[] {
  const metrics = parsePrometheus(text, vllmNames);
  const names = [...metrics.keys()];
  const engines = new Set((metrics.get("vllm:num_requests_running") ?? []).map(({ labels }) => labels.get("engine")));
  const drafts = names.find((name) => name.startsWith("vllm:spec_decode_"));
  const adapters = names.find((name) => name.startsWith("vllm:lora_"));
  const transfers = names.find((name) => /^vllm:(nixl|kv_transfer|mooncake|lmcache)_/.test(name));
  const external = sum(metrics.get("vllm:external_prefix_cache_queries_total"));
  return [
    ...(engines.size > 1 ? [unmodelledFeature("data parallelism", `/metrics has ${engines.size} engines`)] : []),
    ...(drafts === undefined ? [] : [unmodelledFeature("speculative decoding", `/metrics has ${drafts}`)]),
    ...(adapters === undefined ? [] : [unmodelledFeature("LoRA", `/metrics has ${adapters}`)]),
    ...(transfers === undefined ? [] : [unmodelledFeature("KV transfer", `/metrics has ${transfers}`)]),
    ...(external > 0
      ? [unmodelledFeature("KV transfer", `/metrics: ${external} tokens were looked for in another server's cache`)]
      : []),
  ];
}

function sum(samples: readonly { readonly value: number }[] = []): number {
  return samples.reduce((total, { value }) => total + value, 0);
}
