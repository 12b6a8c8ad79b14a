/**
 * profile.json: what a batch costs on one machine. Written by `calibrate`, read by `simulate`.
 * Times are nanoseconds (the cost model's own unit), memory is bytes, ratios are 0-1.
 */
import { z } from "zod";

export const PROFILE_VERSION = 1;

/**
 * Quantity that a term multiplies. For a batch of B rows with P prompt tokens each (left-padded):
 * rows = B, tokens = B*P, attention_pairs = B*P*(P+1)/2, context_tokens = cached tokens read by one decode step,
 * kv_tokens = tokens whose keys and values are held at the end of the batch.
 */
export const basisNames = ["base", "rows", "tokens", "attention_pairs", "context_tokens", "kv_tokens"] as const;

const basis = z.enum(basisNames);
const interval = z.tuple([z.number(), z.number()]);

/** value = coefficient * clip(basis), where clip is min(x, upto), max(0, x - beyond), or x itself. */
const costTerm = z.strictObject({
  basis,
  upto: z.number().positive().optional(),
  beyond: z.number().positive().optional(),
  coefficient_ns: z.number().nonnegative(),
  ci95_ns: interval.optional(),
});

const memoryTerm = z.strictObject({ basis, coefficient_bytes: z.number().nonnegative() });

/** Absolute percentage errors of a model on points. */
const fitScore = z.strictObject({
  points: z.int().nonnegative(),
  median_ape: z.number().nonnegative(),
  p90_ape: z.number().nonnegative(),
  r2: z.number().optional(),
});

const range = z.tuple([z.number().nonnegative(), z.number().nonnegative()]);

export const profileSchema = z.strictObject({
  version: z.literal(PROFILE_VERSION),
  name: z.string().min(1),
  date: z.string().optional(),
  source: z.string().describe("how the numbers were obtained, in a sentence"),
  machine: z.looseObject({
    cpu: z.looseObject({ model: z.string(), cores: z.int().positive() }).optional(),
    gpu: z.string().optional(),
    memory_bytes: z.number().positive().optional(),
    os: z.string().optional(),
    libraries: z.record(z.string(), z.string()).optional(),
  }),
  model: z.strictObject({
    name: z.string(),
    layers: z.int().positive(),
    width: z.int().positive(),
    heads: z.int().positive(),
    vocab: z.int().positive(),
    positions: z.int().positive().describe("longest prompt plus output, tokens"),
    parameters: z.int().positive(),
    dtype: z.string(),
  }),
  engine: z.strictObject({
    name: z.enum(["onnxruntime-cpu", "onnxruntime-cuda", "vllm", "original-suite"]),
    version: z.string(),
    settings: z.record(z.string(), z.unknown()).default({}),
  }),
  cost: z.strictObject({
    kind: z.literal("static_batch"),
    prefill: z.array(costTerm).min(1),
    decode_step: z.array(costTerm).min(1),
    dispatch_ns: z.number().nonnegative().default(0).describe("hand-over to the executor and back, once a batch"),
    cold_start_ns: z.number().nonnegative().default(0).describe("extra time of the first batch of a process"),
  }),
  memory: z.strictObject({
    total_bytes: z.number().positive(),
    base_bytes: z.number().nonnegative().describe("weights and runtime, before the first batch"),
    terms: z.array(memoryTerm),
    kv_bytes_per_token: z.number().positive(),
    arena_keeps_peak: z.boolean().describe("memory taken once is not given back"),
  }),
  range: z.strictObject({
    batch: range,
    prompt_tokens: range,
    context_tokens: range,
  }),
  fit: z.strictObject({ prefill: fitScore.optional(), decode: fitScore.optional(), batch: fitScore }),
  held_out: z.strictObject({ prefill: fitScore.optional(), decode: fitScore.optional(), batch: fitScore }).optional(),
  noise: z
    .strictObject({
      residual_quantiles: z.array(z.tuple([z.number().min(0).max(1), z.number()])).describe("[quantile, real/model]"),
      repeat_spread: z.number().nonnegative().describe("median half range over median of repeats of a cell"),
    })
    .optional(),
  notes: z.array(z.string()).optional().describe("what a reader should know before trusting it"),
  plan_sha256: z.string().optional().describe("fingerprint of the calibration plan, to know a finished calibration"),
  raw: z.string().optional().describe("file of raw measurements, beside the profile"),
});

export type Profile = z.output<typeof profileSchema>;
export type CostTerm = Profile["cost"]["prefill"][number];
export type BasisName = (typeof basisNames)[number];
export type FitScore = z.output<typeof fitScore>;
