/**
 * The keys of a load, each by itself: where lengths come from (prompts, a trace or a distribution), and when requests
 * arrive. Flags and experiment files share this shape; docs/workloads.md explains each key.
 */
import { z } from "zod";
import { count, nonnegative, optional, positive } from "../kinds.js";
import { classesSchema } from "./classes.js";
import { patienceSchema } from "./patience.js";
import { traceFormatNames } from "./trace.js";
import { LATEST_MS, MAX_TOKENS } from "./workload.js";

/** Where prompt and output lengths come from, when not from a trace; vLLM bench's names where it has one. */
export const datasetNames = [
  "prompts",
  "fixed",
  "random",
  "lognormal",
  "zipf",
  "prefix_repetition",
  "sessions",
] as const;

/** Most characters of a label. */
export const MAX_LABEL = 100;

/** Most characters of `priorities`, enough for some hundred pairs. */
const MAX_PRIORITIES_TEXT = 10_000;

const tokens = count.max(MAX_TOKENS);
/** As good as at once. */
const MAX_PER_S = 1e9;
const perSecond = positive.max(MAX_PER_S);
const sliceS = z.number().max(LATEST_MS / 1e3);
const spread = z.number().min(0).max(100).optional();
const sigma = positive.max(5).optional();
const cv = optional(positive.max(100), "lognormal: standard deviation / mean, in place of sigma");
const exponent = optional(positive.max(20), "zipf: P(k) ~ k^-exponent (1)");

/** Keys that belong to one dataset, by the dataset. */
export const datasetShape = {
  input_len: optional(tokens, "fixed: prompt tokens of each request"),
  random_input_len: optional(tokens, "random: mean prompt tokens, prefix excluded (1024)"),
  random_output_len: optional(tokens, "random: mean output tokens (128)"),
  random_range_ratio: optional(z.number().min(0).lt(1), "random: lengths L(1-r) to L(1+r) (0)"),
  random_prefix_len: optional(z.int().min(0).max(MAX_TOKENS), "random: tokens that all prompts share (0)"),
  lognormal_input_mean: optional(tokens, "lognormal: mean input tokens"),
  lognormal_input_sigma: sigma.describe("lognormal: sigma of ln(input tokens)"),
  lognormal_input_cv: cv,
  lognormal_input_p99: optional(tokens, "lognormal: 99th percentile, in place of sigma"),
  lognormal_output_mean: optional(tokens, "lognormal: mean output tokens"),
  lognormal_output_sigma: sigma.describe("lognormal: sigma of ln(output tokens)"),
  lognormal_output_cv: cv,
  lognormal_output_p99: optional(tokens, "lognormal: 99th percentile, in place of sigma"),
  zipf_input_exponent: exponent,
  zipf_input_max: optional(count.max(1_000_000), "zipf: most prompt tokens"),
  zipf_output_exponent: exponent,
  zipf_output_max: optional(count.max(1_000_000), "zipf: most output tokens"),
  prefix_repetition_prefix_len: optional(tokens, "prefix_repetition: tokens in a prefix (256)"),
  prefix_repetition_suffix_len: optional(tokens, "prefix_repetition: tokens after the prefix (256)"),
  prefix_repetition_num_prefixes: optional(tokens, "prefix_repetition: number of prefixes (10)"),
  sessions_turns: optional(z.number().min(1).max(100_000), "sessions: mean turns of a session (5)"),
  sessions_turns_cv: spread.describe("sessions: standard deviation / mean of the turns (0: all equal)"),
  sessions_system_len: optional(z.int().min(0).max(MAX_TOKENS), "sessions: tokens that all sessions begin with (0)"),
  sessions_input_len: optional(tokens, "sessions: mean new tokens of a turn (256)"),
  sessions_input_cv: spread.describe("sessions: standard deviation / mean of the new tokens (0)"),
  sessions_output_len: optional(tokens, "sessions: mean output tokens of a turn (128)"),
  sessions_output_cv: spread.describe("sessions: standard deviation / mean of the output tokens (0)"),
  sessions_think_s: optional(
    z.number().min(0).max(1_000_000),
    "sessions: mean time from an answer to the next turn, s (5)",
  ),
  sessions_think_cv: spread.describe("sessions: standard deviation / mean of that time (0)"),
  prefix_repetition_output_len: optional(tokens, "prefix_repetition: output tokens (128)"),
};

/** Keys that change a trace; they need a `workload`. */
export const traceShape = {
  trace_format: optional(z.enum(traceFormatNames), "format of the workload file; default: recognised by its content"),
  timed_trace_chunk_hash_size: optional(tokens, "JSON lines: tokens per hash id (512)"),
  timed_trace_sec_multiplier: optional(
    positive.max(86_400),
    "JSON lines: seconds per unit of timestamp (0.001) or arrival (1)",
  ),
  custom_output_len: optional(tokens, "custom: output tokens of every request"),
  self_timed: optional(z.boolean(), "use the trace's arrival times (true); false: only its lengths"),
  time_scale: optional(positive.max(1_000_000), "multiply the trace's times by this: 2 halves the rate"),
  trace_rate: optional(perSecond, "scale the trace's times to this mean rate, requests/s"),
  slice_start_s: optional(sliceS.min(0), "leave out requests before this time in the trace, s"),
  slice_end_s: optional(sliceS.positive(), "leave out requests from this time in the trace on, s"),
  unbin: optional(z.enum(["even", "uniform"]), "spread requests with equal, binned times evenly or at random"),
};

/** A label of a policy or load: two of them name a cell's folder, whose name may have 255 bytes. */
export const labelSchema = z
  .string()
  .max(MAX_LABEL, { error: `expected at most ${MAX_LABEL} characters`, abort: true })
  .regex(/^[\w.-]+$/, "expected letters, digits, '.', '_' or '-'");

/** One pair of `priorities`; the pattern never backtracks. */
const SHARE = /^\s*-?\d+:(?:\d+(?:\.\d+)?|\.\d+)\s*$/;

const prioritiesSchema = z
  .string()
  .max(MAX_PRIORITIES_TEXT, { error: `expected at most ${MAX_PRIORITIES_TEXT} characters`, abort: true })
  .refine((text) => text.split(",").every((pair) => SHARE.test(pair)), {
    error: 'expected "priority:weight,...", as in 0:0.9,1:0.1',
  });

/** Every key of a load, before rules across keys. */
export const loadShape = {
  label: labelSchema.optional(),
  num_prompts: count.max(10_000_000).optional(),
  max_concurrency: count.max(10_000_000).optional(),
  think_time_s: nonnegative.max(1_000_000).default(0),
  request_rate: perSecond.optional(),
  burstiness: positive.default(1),
  arrivals: z.enum(["gamma", "constant"]).default("gamma"),
  utilisation: optional(positive.max(10), "experiments: request_rate as a fraction of capacity, which is simulated"),
  rescale_to_rate: optional(
    z.boolean(),
    "scale times so that the last request comes exactly at num_prompts / rate, as vLLM bench does",
  ),
  ramp_up_strategy: optional(
    z.enum(["linear", "exponential"]),
    "how the rate changes from the first request to the last",
  ),
  ramp_up_start_rps: optional(perSecond, "rate of the first request, requests/s"),
  ramp_up_end_rps: optional(perSecond, "rate of the last request, requests/s"),
  num_sessions: optional(
    count.max(1_000_000),
    "sessions: how many; a trace with fewer is repeated (all of a trace, or 100)",
  ),
  max_sessions: optional(count.max(1_000_000), "sessions: most under way at a time"),
  session_rate: optional(perSecond, "sessions: how many begin per second"),
  output_len: tokens.default(20),
  dataset_name: optional(z.enum(datasetNames), "where lengths come from; default: prompts"),
  ...datasetShape,
  output_len_from: optional(
    z.string().min(1, "expected a file or folder"),
    "draw output lengths from those of a run folder, or of a CSV file's column output_tokens",
  ),
  output_min_tokens: optional(tokens, "vLLM's min_tokens: answers that would end earlier go on up to it"),
  output_max_tokens: optional(
    tokens,
    "vLLM's max_tokens: the limit that the server knows; shorter answers end by themselves (EOS, a stop token)",
  ),
  patience_ttft: optional(
    patienceSchema,
    "how long clients wait for the first token, s: a number, exponential:MEAN or lognormal:MEAN:CV",
  ),
  patience_e2el: optional(
    patienceSchema,
    "how long clients wait for the whole answer, s: a number, exponential:MEAN or lognormal:MEAN:CV",
  ),
  retries: optional(z.int().min(0).max(100), "how often a client tries again after giving up or an HTTP 503 (0)"),
  retry_backoff_s: optional(
    z.number().min(0).max(86_400),
    "pause before the first retry, s (0.5); doubled for each later one up to 16 times that, less at most a quarter",
  ),
  priorities: optional(prioritiesSchema, "shares of priorities, such as 0:0.9,1:0.1; lower is served first"),
  classes: optional(
    classesSchema,
    "classes of requests: NAME:share=0.3,priority=0,input_len=500,output_len=100,ttft=500;NAME:... (docs/workloads.md)",
  ),
  workload: optional(z.string(), "trace or CSV file of requests, in place of prompts"),
  ...traceShape,
  cold_start: optional(z.boolean(), "the first batch of this load includes the profile's cold start"),
};

export type Load = z.output<z.ZodObject<typeof loadShape>>;
