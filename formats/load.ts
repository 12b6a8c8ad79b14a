/**
 * A load: which requests come when. Lengths come from prompts, a trace or a distribution; arrivals from the trace, a
 * rate or a number of clients. Flags and experiment files share this shape; docs/workloads.md explains each key.
 */
import { z } from "zod";
import { traceFormatNames } from "./trace.js";
import { MAX_TOKENS } from "./workload.js";

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

const tokens = z.int().positive().max(MAX_TOKENS);
const perSecond = z.number().positive();
const spread = z.number().min(0).max(100).optional();

/** Keys that belong to one dataset, by the dataset. */
const datasetShape = {
  input_len: tokens.optional().describe("fixed: prompt tokens of each request"),
  random_input_len: tokens.optional().describe("random: mean prompt tokens, prefix excluded (1024)"),
  random_output_len: tokens.optional().describe("random: mean output tokens (128)"),
  random_range_ratio: z.number().min(0).lt(1).optional().describe("random: lengths L(1-r) to L(1+r) (0)"),
  random_prefix_len: z.int().min(0).max(MAX_TOKENS).optional().describe("random: tokens that all prompts share (0)"),
  lognormal_input_mean: tokens.optional().describe("lognormal: mean input tokens"),
  lognormal_input_sigma: z.number().positive().max(5).optional().describe("lognormal: sigma of ln(input tokens)"),
  lognormal_input_cv: z
    .number()
    .positive()
    .max(100)
    .optional()
    .describe("lognormal: standard deviation / mean, in place of sigma"),
  lognormal_input_p99: tokens.optional().describe("lognormal: 99th percentile, in place of sigma"),
  lognormal_output_mean: tokens.optional().describe("lognormal: mean output tokens"),
  lognormal_output_sigma: z.number().positive().max(5).optional().describe("lognormal: sigma of ln(output tokens)"),
  lognormal_output_cv: z
    .number()
    .positive()
    .max(100)
    .optional()
    .describe("lognormal: standard deviation / mean, in place of sigma"),
  lognormal_output_p99: tokens.optional().describe("lognormal: 99th percentile, in place of sigma"),
  zipf_input_exponent: z.number().positive().max(20).optional().describe("zipf: P(k) ~ k^-exponent (1)"),
  zipf_input_max: z.int().positive().max(1_000_000).optional().describe("zipf: most prompt tokens"),
  zipf_output_exponent: z.number().positive().max(20).optional().describe("zipf: P(k) ~ k^-exponent (1)"),
  zipf_output_max: z.int().positive().max(1_000_000).optional().describe("zipf: most output tokens"),
  prefix_repetition_prefix_len: tokens.optional().describe("prefix_repetition: tokens in a prefix (256)"),
  prefix_repetition_suffix_len: tokens.optional().describe("prefix_repetition: tokens after the prefix (256)"),
  prefix_repetition_num_prefixes: tokens.optional().describe("prefix_repetition: number of prefixes (10)"),
  sessions_turns: z.number().min(1).max(100_000).optional().describe("sessions: mean turns of a session (5)"),
  sessions_turns_cv: spread.describe("sessions: standard deviation / mean of it (0: all are equal)"),
  sessions_system_len: z.int().min(0).max(MAX_TOKENS).optional().describe("sessions: tokens that all begin with (0)"),
  sessions_input_len: tokens.optional().describe("sessions: mean new tokens of a turn (256)"),
  sessions_input_cv: spread.describe("sessions: standard deviation / mean of it (0)"),
  sessions_output_len: tokens.optional().describe("sessions: mean output tokens of a turn (128)"),
  sessions_output_cv: spread.describe("sessions: standard deviation / mean of it (0)"),
  sessions_think_s: z
    .number()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe("sessions: mean time from an answer to the next turn, s (5)"),
  sessions_think_cv: spread.describe("sessions: standard deviation / mean of it (0)"),
  prefix_repetition_output_len: tokens.optional().describe("prefix_repetition: output tokens (128)"),
};

/** Keys that change a trace; they need a `workload`. */
const traceShape = {
  trace_format: z
    .enum(traceFormatNames)
    .optional()
    .describe("format of the workload file; default: recognised by its content"),
  timed_trace_chunk_hash_size: tokens.optional().describe("JSON lines: tokens per hash id (512)"),
  timed_trace_sec_multiplier: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe("JSON lines: seconds per unit of timestamp (0.001)"),
  self_timed: z.boolean().optional().describe("use the trace's arrival times (true); false: only its lengths"),
  time_scale: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe("multiply the trace's times by this: 2 halves the rate"),
  trace_rate: perSecond.optional().describe("scale the trace's times to this mean rate, requests/s"),
  slice_start_s: z.number().min(0).optional().describe("leave out requests before this time in the trace, s"),
  slice_end_s: z.number().positive().optional().describe("leave out requests from this time in the trace on, s"),
  unbin: z
    .enum(["even", "uniform"])
    .optional()
    .describe("spread requests with equal, binned times evenly or at random"),
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
  num_prompts: z.int().positive().max(10_000_000).optional(),
  max_concurrency: z.int().positive().max(10_000_000).optional(),
  think_time_s: z.number().nonnegative().max(1_000_000).default(0),
  request_rate: perSecond.optional(),
  burstiness: z.number().positive().default(1),
  arrivals: z.enum(["gamma", "constant"]).default("gamma"),
  utilisation: z
    .number()
    .positive()
    .max(10)
    .optional()
    .describe("experiments: request_rate as a fraction of capacity, which is simulated"),
  rescale_to_rate: z
    .boolean()
    .optional()
    .describe("scale times so that the last request comes exactly at num_prompts / rate, as vLLM bench does"),
  ramp_up_strategy: z
    .enum(["linear", "exponential"])
    .optional()
    .describe("how the rate changes from the first request to the last"),
  ramp_up_start_rps: perSecond.optional().describe("rate of the first request, requests/s"),
  ramp_up_end_rps: perSecond.optional().describe("rate of the last request, requests/s"),
  num_sessions: z
    .int()
    .positive()
    .max(1_000_000)
    .optional()
    .describe("sessions: how many; those of a trace are repeated where there are fewer (all of a trace, or 100)"),
  max_sessions: z.int().positive().max(1_000_000).optional().describe("sessions: most under way at a time"),
  session_rate: perSecond.optional().describe("sessions: sessions that begin per second"),
  output_len: tokens.default(20),
  dataset_name: z.enum(datasetNames).optional().describe("where lengths come from; default: prompts"),
  ...datasetShape,
  priorities: prioritiesSchema.optional().describe("shares of priorities, such as 0:0.9,1:0.1; lower is served first"),
  workload: z.string().optional().describe("trace or CSV file of requests, in place of prompts"),
  ...traceShape,
  cold_start: z.boolean().optional().describe("the first batch of this load includes the profile's cold start"),
};

/** How requests arrive. `request_rate` in requests/s (absent: all at once), `burstiness` 1 is Poisson. */
export const loadSchema = z.strictObject(loadShape).superRefine((load, context) => {
  const checked: Checked = {
    load,
    given: (key) => load[key] !== undefined,
    reject: (key, message) => {
      context.addIssue({ code: "custom", path: [key], message, input: load[key] });
    },
  };
  checkOwners(checked);
  checkLengths(checked);
  checkSessions(checked);
  checkRates(checked);
  checkTraceTimes(checked);
});

interface Checked {
  readonly load: Load;
  readonly given: (key: keyof Load) => boolean;
  readonly reject: (key: keyof Load, message: string) => void;
}

const datasetOf = ({ dataset_name: name = "prompts" }: Load): string => name;

/** Keys of a dataset or a trace need it. */
function checkOwners({ load, given, reject }: Checked): void {
  const dataset = datasetOf(load);
  if (load.workload !== undefined && given("dataset_name"))
    reject("dataset_name", "workload has lengths, expected one of the two");
  for (const key of Object.keys(datasetShape) as (keyof typeof datasetShape)[]) {
    const owner = key === "input_len" ? "fixed" : datasetNames.find((name) => key.startsWith(`${name}_`));
    if (given(key) && owner !== dataset) reject(key, `expected dataset_name ${owner ?? ""} with it, not ${dataset}`);
  }
  for (const key of Object.keys(traceShape) as (keyof typeof traceShape)[]) {
    if (given(key) && load.workload === undefined) reject(key, "expected a workload (a trace) with it");
  }
}

function checkLengths({ load, given, reject }: Checked): void {
  const dataset = datasetOf(load);
  if (dataset === "fixed" && load.input_len === undefined)
    reject("input_len", "expected prompt tokens, dataset_name is fixed");
  for (const which of ["input", "output"] as const) {
    if (dataset === "zipf" && !given(`zipf_${which}_max`))
      reject(`zipf_${which}_max`, "expected most tokens, dataset_name is zipf");
    if (dataset !== "lognormal") continue;
    if (!given(`lognormal_${which}_mean`))
      reject(`lognormal_${which}_mean`, "expected a mean, dataset_name is lognormal");
    const spreads = (["sigma", "cv", "p99"] as const).filter((name) => given(`lognormal_${which}_${name}`));
    if (spreads.length !== 1) {
      reject(`lognormal_${which}_${spreads[1] ?? "sigma"}`, "expected exactly one of sigma, cv and p99");
    }
  }
}

function checkSessions({ load, given, reject }: Checked): void {
  const isOfSessions = datasetOf(load) === "sessions";
  if (isOfSessions && !given("max_sessions") && !given("session_rate"))
    reject("dataset_name", "expected max_sessions or session_rate with sessions");
  if (isOfSessions || load.workload !== undefined) return;
  for (const key of ["num_sessions", "max_sessions", "session_rate"] as const)
    if (given(key)) reject(key, "expected dataset_name sessions or a workload of sessions with it");
}

function checkRates({ load, given, reject }: Checked): void {
  if (given("utilisation") && (given("request_rate") || given("max_concurrency") || given("workload"))) {
    reject("utilisation", "it sets the rate of an open loop, expected no request_rate, max_concurrency or workload");
  }
  const rampKeys = ["ramp_up_strategy", "ramp_up_start_rps", "ramp_up_end_rps"] as const;
  if (rampKeys.some(given)) {
    for (const key of rampKeys)
      if (!given(key)) reject(key, "expected ramp_up_strategy, _start_rps and _end_rps together");
    if (given("request_rate")) reject("request_rate", "the ramp-up has its own rates, expected one of the two");
  }
  if (load.rescale_to_rate === true && load.request_rate === undefined) {
    reject("rescale_to_rate", "expected a request_rate with it");
  }
}

function checkTraceTimes({ load, given, reject }: Checked): void {
  if (given("time_scale") && given("trace_rate"))
    reject("time_scale", "trace_rate scales too, expected one of the two");
  if (load.self_timed === false) {
    for (const key of ["time_scale", "trace_rate", "unbin"] as const) {
      if (given(key)) reject(key, "self_timed is false, the trace's times are not used");
    }
  }
  if ((load.slice_start_s ?? 0) >= (load.slice_end_s ?? Infinity))
    reject("slice_end_s", "expected more than slice_start_s");
}

export type Load = z.output<z.ZodObject<typeof loadShape>>;
