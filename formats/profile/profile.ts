/**
 * profile.json: what a batch costs on one machine. Written by `calibrate`, read by `simulate`.
 * Times are nanoseconds (the cost model's own unit), memory is bytes, ratios are 0-1.
 */
import { z } from "zod";
import { count, nonnegative, optional, positive, share } from "../kinds.js";
import { ArtifactError } from "../errors.js";
import { check } from "../check.js";
import { staticBatchCost, vllmEngineCost, type StaticBatchCost } from "./costs.js";
import { basis, fitScore, interval, ns, range, ratio } from "./parts.js";
import { stepCosts } from "./step-costs.js";

export const PROFILE_VERSION = 1;

/** Of a statistic, ms, or an error. */
const MAX_FIGURE = 1e12;
const figure = z.number().min(-MAX_FIGURE).max(MAX_FIGURE).nullable();

/** More than any machine has. */
const MAX_BYTES = 1e15;
const bytes = nonnegative.max(MAX_BYTES);
const memoryTerm = z.strictObject({ basis, coefficient_bytes: bytes });

/** Costs of a vLLM engine that fit its recordings about equally well, one row a draw, in the order of `names`. */
const costDraws = z
  .strictObject({
    names: z.array(z.string()).min(1).describe("places in the cost: gpu.decode_base_ns"),
    values: z.array(z.array(ns)).min(1),
  })
  .refine(({ names, values }) => values.every((row) => row.length === names.length), "expected a value for each name");

/** Coefficients of the cost terms, in their order, of fits to resampled measurements: one row a resample, ns. */
const uncertainty = z.strictObject({ prefill: z.array(z.array(ns)), decode_step: z.array(z.array(ns)) });

const fitScores = z.strictObject({
  prefill: fitScore.optional(),
  decode: fitScore.optional(),
  batch: fitScore.describe("whole batches"),
});

/** Of the model; a server does not always report it. */
const size = count.optional();

const watts = z
  .union([
    positive,
    z
      .strictObject({ idle: positive, busy: positive })
      .refine(({ idle, busy }) => idle <= busy, "expected idle to be at most busy"),
  ])
  .describe("power of the machine, W: while it waits and while it computes, or one number for both");

export const profileSchema = z.strictObject({
  version: z.literal(PROFILE_VERSION),
  name: z.string().min(1),
  date: z.string().optional(),
  source: z.string().describe("how the numbers were obtained, in a sentence"),
  machine: z.looseObject({
    cpu: z.looseObject({ model: z.string(), cores: count }).optional(),
    gpu: z.string().optional(),
    memory_bytes: positive.optional(),
    watts: watts.optional(),
    price_per_hour: optional(positive, "what an hour of it costs, in your currency"),
    os: z.string().optional(),
    libraries: z.record(z.string(), z.string()).optional(),
  }),
  model: z.strictObject({
    name: z.string(),
    layers: size,
    width: size,
    heads: size,
    vocab: size,
    positions: count.describe("longest prompt plus output, tokens"),
    parameters: size,
    experts: optional(
      z
        .strictObject({ total: count, active: count })
        .refine(({ total, active }) => active <= total, "expected at most as many active experts as there are"),
      "of each layer of a mixture of experts, and how many of them a token goes through; absent: it is dense",
    ),
    dtype: z.string(),
  }),
  engine: z.strictObject({
    name: z.enum(["onnxruntime-cpu", "onnxruntime-cuda", "vllm", "original-suite"]),
    version: z.string(),
    settings: z.record(z.string(), z.unknown()).default({}),
  }),
  cost: z.discriminatedUnion("kind", [staticBatchCost, vllmEngineCost]),
  memory: z.strictObject({
    total_bytes: bytes.positive(),
    base_bytes: bytes.describe("weights and runtime, before the first batch"),
    terms: z.array(memoryTerm),
    kv_bytes_per_token: bytes.min(1e-3),
    arena_keeps_peak: z.boolean().describe("memory is never given back"),
    arena_region_bytes: optional(
      bytes.positive(),
      "the arena takes regions that double from 1 MiB up to this size; absent: as much as the terms say",
    ),
  }),
  range: z.strictObject({
    batch: range,
    prompt_tokens: range,
    context_tokens: range,
    step_tokens: optional(range, "vllm_engine: tokens of a step; absent: up to the server's token budget"),
    prefill_tokens: optional(range, "vllm_engine: prompt tokens of a step that prefills"),
    attention_pairs: optional(range, "vllm_engine: query and key pairs of a step's prompts"),
  }),
  fit: fitScores.optional(),
  held_out: fitScores.optional(),
  cost_intervals: optional(
    z.record(z.string(), interval),
    "vllm_engine: 95 % intervals of coefficients, ns, by their place in the cost: gpu.decode_base_ns",
  ),
  cost_sources: optional(
    z.record(z.string(), z.string()),
    "vllm_engine: sources of the costs that the recordings do not determine, by place",
  ),
  cost_draws: optional(costDraws, "vllm_engine: joint draws of the fitted costs, for prediction intervals"),
  held_out_runs: optional(
    z.array(
      z.strictObject({
        recording: z.string(),
        requests: count,
        metrics: z.record(z.string(), z.object({ real: figure, sim: figure, error: figure })),
      }),
    ),
    "vllm_engine: recorded runs kept out of the fit, and how they were predicted; milliseconds",
  ),
  noise: z
    .strictObject({
      residual_quantiles: z.array(z.tuple([share, z.number()])).describe("[quantile, real/model]"),
      repeat_quantiles: optional(
        z.array(z.tuple([share, ratio])),
        "[quantile, repeat / median of its shape], for jitter",
      ),
      repeat_spread: nonnegative.describe("median half range over median of repeats of a cell"),
    })
    .optional(),
  steps: optional(
    stepCosts,
    "static_batch: what steps of continuous batching cost on the same machine; absent: not measured",
  ),
  uncertainty: optional(uncertainty, "other coefficients that the measurements allow, for bands"),
  notes: optional(z.array(z.string()), "what a reader should know before trusting it"),
  server_notes: optional(
    z.array(z.string()),
    "vllm_engine: about the server and how it was measured; repeated in every result made with the profile",
  ),
  plan_sha256: optional(z.string(), "fingerprint of the calibration plan, to know a finished calibration"),
  raw: optional(z.string(), "file of raw measurements, beside the profile"),
});

export type Profile = z.output<typeof profileSchema>;
/** A profile whose cost model is of whole batches, as the ONNX calibration fits it. */
export type StaticBatchProfile = Omit<Profile, "cost" | "fit"> & {
  readonly cost: StaticBatchCost;
  readonly fit: z.output<typeof fitScores>;
};
export type CostDraws = z.output<typeof costDraws>;

/**
 * A profile from JSON of any origin; `source` is the file or object that it came from. ArtifactError names each problem; another
 * version is rejected before anything else is checked.
 */
export function checkProfile(value: unknown, source: string): Profile {
  const version = typeof value === "object" && value !== null ? (value as { version?: unknown }).version : undefined;
  if (version !== PROFILE_VERSION) {
    throw new ArtifactError(
      `${source}: profile version ${version === undefined ? "is missing" : JSON.stringify(version)}, ` +
        `this servesim reads version ${PROFILE_VERSION}; calibrate again with this servesim`,
    );
  }
  return check(profileSchema, value, { source, Failure: ArtifactError });
}
