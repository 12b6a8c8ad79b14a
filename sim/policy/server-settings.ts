/** The modelled settings of a vLLM server, by vLLM's names and with its defaults. */
import { z } from "zod";

/** vLLM's own, where neither the user nor a recorded server says otherwise: those of 0.20 to 0.32 (before: defaultsOf). */
export const vllmDefaults = {
  max_num_seqs: 128,
  max_num_batched_tokens: 2048,
  block_size: 16,
  gpu_memory_utilization: 0.92,
  enable_chunked_prefill: true,
  async_scheduling: true,
  enable_prefix_caching: true,
  long_prefill_token_threshold: 0,
  long_prefill_token_threshold_adaptive: false,
  scheduling_policy: "fcfs",
  watermark: 0,
  scheduler_reserve_full_isl: true,
  enforce_eager: false,
  tensor_parallel_size: 1,
} as const;

const modelled = {
  max_num_seqs: z.int().positive().describe("most sequences that run at a time"),
  max_num_active_seqs: z
    .int()
    .positive()
    .describe("running sequences at which admissions stop, at most max_num_seqs; default: max_num_seqs; from 0.31"),
  max_num_batched_tokens: z.int().positive().describe("token budget of a step"),
  max_num_scheduled_tokens: z
    .int()
    .positive()
    .describe("token budget of a step, if below max_num_batched_tokens, which still sizes CUDA graphs"),
  block_size: z.int().positive().max(65_536).describe("tokens per KV block"),
  num_gpu_blocks: z
    .int()
    .min(2)
    .max(100_000_000)
    .describe("number of KV blocks, one of them reserved; default: what memory allows"),
  gpu_memory_utilization: z.number().positive().max(1).describe("fraction of memory for weights and KV"),
  max_model_len: z.int().positive().describe("most prompt plus output tokens; default: the model's positions"),
  enable_chunked_prefill: z.boolean().describe("cut long prompts to the token budget that is left"),
  async_scheduling: z.boolean().describe("schedule the next step while one runs"),
  enable_prefix_caching: z.boolean().describe("share the KV blocks of equal prefixes"),
  long_prefill_token_threshold: z.int().nonnegative().describe("most tokens of one request in a step; 0: no cap"),
  long_prefill_token_threshold_adaptive: z
    .boolean()
    .describe("raise that cap to at least an equal share of max_num_batched_tokens; from 0.31"),
  max_num_queued_reqs: z
    .int()
    .positive()
    .describe("reject requests (HTTP 503) beyond this many unfinished ones; default: no limit; from 0.29"),
  max_num_queued_tokens: z
    .int()
    .positive()
    .describe(
      "reject requests (HTTP 503) while this many prompt tokens wait for a first token; default: no limit; from 0.29",
    ),
  scheduling_policy: z.enum(["fcfs", "priority"]).describe("order of admission, and of preemption"),
  watermark: z.number().min(0).max(1).describe("fraction of KV blocks that admissions leave free"),
  scheduler_reserve_full_isl: z.boolean().describe("admit a request only if its whole prompt fits"),
  enforce_eager: z.boolean().describe("no CUDA graphs"),
  tensor_parallel_size: z.int().positive().describe("GPUs that share each layer; only as the profile was measured"),
  data_parallel_size: z
    .int()
    .positive()
    .max(256)
    .describe(
      "engines behind one front end, each with its own sequences and KV blocks; of a model with experts only as the profile was measured (the profile's server's, or 1)",
    ),
  enable_expert_parallel: z
    .boolean()
    .describe(
      "spread a model's experts over all its GPUs; only as the profile was measured (the profile's server's, or false)",
    ),
  cudagraph_capture_sizes: z
    .array(z.int().positive().max(65_536))
    .describe("step sizes that CUDA graphs are captured for; default: vLLM's rule"),
};

type Modelled = keyof typeof modelled;

/** Every setting is optional: a profile of a vLLM server has its own, then come vLLM's defaults. */
export const serverShape = Object.fromEntries(
  Object.entries(modelled).map(([name, schema]) => {
    const value = name in vllmDefaults ? ` (the profile's server's, or ${String(vllmDefaults[name as never])})` : "";
    return [name, schema.optional().describe(`${schema.description ?? ""}${value}`)];
  }),
) as { [Name in Modelled]: z.ZodOptional<(typeof modelled)[Name]> };

/** Settings that a server was recorded with: what is modelled of them, the rest left out. */
export const serverSettings = z.object(serverShape);

export type ServerSettings = z.output<typeof serverSettings>;
