/** Flags that describe a load: which requests come, and when. */
import { z } from "zod";
import { check, ConfigError, datasetNames, loadSchema, loadShape, type Load } from "../../formats/index.js";
import type { Args } from "../command.js";
import { fileDatasetNames, withDatasetPath } from "./dataset.js";
import { flagContext, flagName, givenFlags, parseFlags } from "./flags.js";
import { fileName, text } from "./kinds.js";

const sharedShape = z.object(loadShape).omit({ label: true, cold_start: true, utilisation: true }).shape;

/** Flags of simulate and bench that say which requests come when. */
export const loadFlags = {
  ...sharedShape,
  num_prompts: loadShape.num_prompts.describe("number of requests; default: one per prompt, all of a trace, or 1000"),
  max_concurrency: loadShape.max_concurrency.describe("closed loop: most requests outstanding at a time"),
  request_rate: z
    .union([z.number(), z.string()])
    .optional()
    .describe("open loop: requests per second, or inf for all at once"),
  burstiness: loadShape.burstiness.describe("burstiness of arrivals: 1 is Poisson, below 1 is burstier"),
  arrivals: loadShape.arrivals.describe("gaps between arrivals: gamma (see --burstiness) or constant"),
  dataset_name: z
    .enum([...datasetNames, ...fileDatasetNames])
    .optional()
    .describe("where lengths come from, or the format of --dataset-path; default: prompts"),
  dataset_path: fileName
    .optional()
    .describe(`file of --dataset-name ${fileDatasetNames.join(", ")}, as vLLM bench takes it`),
  custom_output_len: z
    .union([z.literal(-1), loadShape.custom_output_len.unwrap()])
    .optional()
    .describe("custom: output tokens of every request; -1: each line's own (default)"),
  output_len: loadShape.output_len.describe("for prompts and fixed: output tokens per request"),
  think_time_s: loadShape.think_time_s.describe("closed loop: pause of a client after each answer, s"),
  prompts: text.describe("file with a JSON array of prompts; default: the 100 that ship"),
  seed: z.string().default("1").describe("seed for everything random"),
};

/** The load flags that apply to a trace file on its own. */
export const traceFlags = {
  num_prompts: loadFlags.num_prompts.describe("keep at most this many requests, from the start of the slice"),
  trace_format: loadShape.trace_format,
  timed_trace_chunk_hash_size: loadShape.timed_trace_chunk_hash_size,
  timed_trace_sec_multiplier: loadShape.timed_trace_sec_multiplier,
  custom_output_len: loadShape.custom_output_len,
  slice_start_s: loadShape.slice_start_s,
  slice_end_s: loadShape.slice_end_s,
  unbin: loadShape.unbin,
  time_scale: loadShape.time_scale,
  trace_rate: loadShape.trace_rate,
  self_timed: loadShape.self_timed,
  request_rate: loadShape.request_rate.describe(
    "arrival rate where the file has no times, or with --no-self-timed, requests/s",
  ),
  burstiness: loadFlags.burstiness,
  arrivals: loadFlags.arrivals,
  rescale_to_rate: loadShape.rescale_to_rate,
  ramp_up_strategy: loadShape.ramp_up_strategy,
  ramp_up_start_rps: loadShape.ramp_up_start_rps,
  ramp_up_end_rps: loadShape.ramp_up_end_rps,
  priorities: loadShape.priorities,
};

/** The load that the flags describe. */
export function loadFromFlags(args: Args): Load {
  const { prompts, ...rest } = givenFlags(loadFlags, args);
  const given = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== "seed"));
  // Its names are more than the schema of a load has.
  parseFlags({ dataset_name: loadFlags.dataset_name }, args);
  if (given.workload !== undefined && prompts !== undefined) {
    throw new ConfigError("--workload and --prompts exclude each other, give one");
  }
  if (prompts !== undefined && (given.dataset_name ?? "prompts") !== "prompts") {
    throw new ConfigError(`--dataset-name ${String(given.dataset_name)} draws its own lengths, leave --prompts out`);
  }
  const rate = given.request_rate;
  if (typeof rate === "string") {
    if (rate === "inf") delete given.request_rate;
    else given.request_rate = rate.trim() === "" || Number.isNaN(Number(rate)) ? rate : Number(rate);
  }
  return check(loadSchema, withDatasetPath(given), flagContext);
}

/** The load where how often its requests or sessions come is looked for. */
export function soughtLoadFromFlags(args: Args): Load {
  const { dataset_name: dataset, session_rate: rate, max_sessions: most } = givenFlags(loadFlags, args);
  if (dataset !== "sessions" || rate !== undefined || most !== undefined) return loadFromFlags(args);
  // A load of sessions says when they begin; which rate it is does not matter, it is taken out again.
  const load = loadFromFlags({ ...args, [flagName("session_rate")]: 1 });
  return Object.fromEntries(Object.entries(load).filter(([key]) => key !== "session_rate")) as Load;
}

/** The load that a trace file and its flags describe. */
export function traceLoadFromFlags(file: string, args: Args): Load {
  return check(loadSchema, { ...givenFlags(traceFlags, args), workload: file }, flagContext);
}
