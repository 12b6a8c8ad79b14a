/**
 * Servers of other engines than vLLM, as far as a client sees them: what they say of themselves, which fields of a request
 * they take, and how they count tokens. Source: SGLang's http_server.py, TensorRT-LLM's openai_server.py and
 * openai_protocol.py, llama.cpp's tools/server and its README (behaviour).
 */
import type { FakeVllmOptions } from "./fake-vllm.js";

/** SGLang 0.5: /server_info has its settings and its API key; metrics only with --enable-metrics. */
export const sglang: FakeVllmOptions = {
  model: "m",
  ownedBy: "sglang",
  version: null,
  serverInfo: {
    model_path: "/models/m",
    api_key: "a key",
    tp_size: 2,
    context_length: null,
    chunked_prefill_size: 8192,
    mem_fraction_static: 0.88,
    schedule_policy: "fcfs",
    disable_radix_cache: false,
    max_total_num_tokens: 400_000,
    max_running_requests: 256,
    internal_states: [{ last_gen_throughput: 0 }],
    version: "0.5.3.post1",
  },
};

/** Of a completion of TensorRT-LLM 1.x; it answers with HTTP 400 to any other field. */
const completionFields: ReadonlySet<string> = new Set([
  ...["model", "prompt", "best_of", "echo", "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "n"],
  ...["presence_penalty", "seed", "stop", "stream", "stream_options", "suffix", "temperature", "top_p", "user"],
  ...["top_k", "top_p_min", "min_p", "repetition_penalty", "stop_token_ids", "ignore_eos", "min_tokens"],
  ...["detokenize", "add_special_tokens", "response_format", "priority"],
]);

/** TensorRT-LLM 1.x (trtllm-serve): /metrics is a list of its last iterations. */
export const tensorrtLlm: FakeVllmOptions = {
  model: "m",
  ownedBy: "tensorrt_llm",
  version: "1.2.0",
  maxModelLen: null,
  metrics: () => '[{"iter":1,"iterLatencyMS":7.1,"numActiveRequests":1}]',
  rejects: (body) => {
    const extra = Object.keys(body).find((name) => !completionFields.has(name));
    return extra === undefined ? undefined : `Extra inputs are not permitted: ${extra}`;
  },
};

/** llama.cpp (llama-server): /props has its build; usage is in the last chunk of text. */
export const llamaCpp: FakeVllmOptions = {
  model: "m.gguf",
  ownedBy: "llamacpp",
  version: null,
  maxModelLen: null,
  usageInLastChunk: true,
  pages: {
    "/props": {
      default_generation_settings: { id: 0, n_ctx: 8192, speculative: false, params: { n_predict: -1 } },
      total_slots: 4,
      model_path: "/models/m.gguf",
      chat_template: "{{ messages }}",
      build_info: "b8681-cd08fc3e",
    },
  },
};
