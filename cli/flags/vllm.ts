/** Flags of loads against a running vLLM server, by the names that vLLM's own benchmark has where it has one. */
import { z } from "zod";
import { MAX_TOKENS, vocabSize } from "../../formats/index.js";
import { endpoints, type Sampling, type ServerAddress, type VllmClientOptions } from "../../real/vllm/index.js";
import type { Flags } from "./flags.js";
import { count, seconds, text, toggle } from "./kinds.js";
import { serverFlags } from "./server.js";

export const vllmFlags = {
  base_url: text.describe("vllm: URL of the server, such as http://127.0.0.1:8000"),
  ...serverFlags,
  endpoint: z.enum(endpoints).default("/v1/completions").describe("vllm: API path for requests"),
  num_warmups: z
    .int()
    .nonnegative()
    .max(10_000)
    .default(1)
    .describe("vllm: warm-up requests before the run, not part of it"),
  max_tokens: count(MAX_TOKENS).optional().describe("vllm: output tokens per request, overriding the load"),
  ignore_eos: z
    .boolean()
    .default(true)
    .describe("vllm: ignore end-of-sequence tokens and generate the full output length"),
  client_workers: count(64).default(1).describe("vllm: client threads"),
  vocab_size: vocabSize.describe("vllm: upper bound of random token ids; default: found by asking the server"),
  return_token_ids: toggle.describe("vllm: record the number of tokens in each chunk"),
  max_connections: count(65_535).default(4096).describe("vllm: most connections at a time, per client thread"),
  connect_timeout_s: seconds.default(10).describe("vllm: time limit for opening a connection, s"),
  stall_timeout_s: seconds.default(300).describe("vllm: time limit without receiving a byte, s"),
  request_timeout_s: seconds.default(21_600).describe("vllm: time limit for a whole request, s"),
  metric_percentiles: z
    .array(z.number().min(0).max(100))
    .max(100)
    .optional()
    .describe("vllm: the run is invalid if it has too few requests for these percentiles (50)"),
  server_view: z.boolean().default(true).describe("vllm: read the server's /metrics before, during and after the run"),
  metrics_interval_s: z
    .number()
    .max(3600)
    .refine((seconds) => seconds === 0 || seconds >= 0.01, "expected 0, or at least 0.01 s")
    .default(0.1)
    .describe("vllm: time between readings of /metrics, s; 0: none during the run"),
  otlp_port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe("vllm: port that receives the server's trace span of each request"),
  otlp_host: z.string().default("127.0.0.1").describe("vllm: address that --otlp-port listens on"),
};

export type VllmFlags = Flags<typeof vllmFlags>;

/** The client's options that the flags ask for. */
export function clientOptions(
  flags: VllmFlags,
  baseUrl: ServerAddress,
  model: string | undefined,
  tokens: Omit<Sampling, "ignoreEos">,
): VllmClientOptions {
  return {
    baseUrl,
    model,
    endpoint: flags.endpoint,
    sampling: { ignoreEos: flags.ignore_eos, ...tokens },
    vocab: flags.vocab_size,
    warmUps: flags.num_warmups,
    returnTokenIds: flags.return_token_ids,
    limits: {
      connections: flags.max_connections,
      connectMs: 1e3 * flags.connect_timeout_s,
      stallMs: 1e3 * flags.stall_timeout_s,
      requestMs: 1e3 * flags.request_timeout_s,
    },
  };
}
