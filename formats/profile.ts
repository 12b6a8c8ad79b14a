/**
 * profile.json: what a batch costs on one machine. Written by `calibrate`, read by `simulate`.
 * Times are nanoseconds (the cost model's own unit), memory is bytes, ratios are 0-1.
 */
import { z } from "zod";
import { basis, costTerm, fitScore, interval, ns, perStep, range, ratio, variation } from "./profile-parts.js";
import { stepCosts } from "./step-costs.js";

export const PROFILE_VERSION = 1;

/** Of a statistic, ms, or an error. */
const MAX_FIGURE = 1e12;
const figure = z.number().min(-MAX_FIGURE).max(MAX_FIGURE).nullable();

/** More than any machine has. */
const MAX_BYTES = 1e15;
const bytes = z.number().nonnegative().max(MAX_BYTES);
const memoryTerm = z.strictObject({ basis, coefficient_bytes: bytes });

/** The first requests of a step may cost more each than those after them. */
const perRequest = perStep.extend({
  first_requests: z
    .strictObject({ upto: z.int().positive(), request_ns: ns })
    .optional()
    .describe("extra time for each of the first `upto` requests of a step; absent: none"),
});

const schedule = perRequest.extend({
  prefill_request_ns: ns.optional().describe("extra time for a request that prefills; absent: 0"),
});

/** Time of a launch; absent `lead`: the host's `launch_lead`. */
const launch = perStep.extend({
  lead: z.number().min(0).max(1).optional(),
  overlap_power: z
    .number()
    .min(1)
    .optional()
    .describe(
      "steps that prefill on an idle GPU end after (launch^p + (lead x launch + gpu)^p)^(1/p); absent: after the later",
    ),
});

/** Hidden states of a host: Ornstein-Uhlenbeck processes by share of the variance and memory. */
const hostState = (of: string): z.ZodObject<{ share: z.ZodNumber; memory_ns: z.ZodNumber }> =>
  z.strictObject({
    share: z.number().min(0).max(1).describe(of),
    memory_ns: z.number().min(1).describe("time after which the correlation falls to 1/e"),
  });

const jitterNames = [
  "schedule",
  "update",
  "launch_full_graph",
  "launch_piecewise",
  "launch_no_graph",
  "gpu",
  "request",
  "output",
] as const;
const variations = Object.fromEntries(jitterNames.map((name) => [name, variation.optional()])) as Record<
  (typeof jitterNames)[number],
  z.ZodOptional<typeof variation>
>;

const staticBatchCost = z.strictObject({
  kind: z.literal("static_batch"),
  prefill: z.array(costTerm).min(1),
  decode_step: z.array(costTerm).min(1),
  dispatch_ns: ns.default(0).describe("hand-over to the executor and back, once per batch"),
  cold_start_ns: ns.default(0).describe("extra time of the first batch of a process"),
});

const decodeFactors = z
  .array(z.tuple([z.int().positive(), ratio]))
  .min(1)
  .refine(
    (points) => points.every(([tokens], at) => at === 0 || tokens > points[at - 1]![0]),
    "expected ascending tokens",
  )
  .describe(
    "[padded tokens, time of a decode step over decode_base_ns + decode_padded_token_ns x tokens], straight between two; " +
      "absent: 1",
  );

/**
 * Two clocks of a vLLM engine, and the front end before it. A step's tokens are padded to a captured CUDA graph size
 * where there is one. docs/design.md has the equations.
 */
export const vllmEngineCost = z.strictObject({
  kind: z.literal("vllm_engine"),
  gpu: z.strictObject({
    decode_base_ns: ns,
    decode_padded_token_ns: ns.describe("per token of the padded step"),
    context_token_ns: ns.describe("per cached token that attention reads"),
    mixed_base_ns: ns.optional().describe("decode_base_ns of a step that also prefills; absent: the same"),
    prefill_base_ns: ns,
    prefill_padded_token_ns: ns.describe("per token of the padded step, in a step that prefills"),
    attention_pair_ns: ns.describe("per query and key pair of the prefill chunks"),
    decode_factors: decodeFactors.optional(),
    experts: z
      .strictObject({ total: z.int().positive(), active: z.int().positive(), all_ns: ns })
      .optional()
      .describe(
        "a step of n tokens, of all ranks, also takes all_ns x (1 - exp(-n x active / total)): reading the experts that " +
          "some token goes through; absent: a dense model",
      ),
    on_host: z
      .literal(true)
      .optional()
      .describe(
        "the model runs on the host's own cores, so these times have the host's pace; absent: on a device of its own",
      ),
    large_graph: z
      .strictObject({ beyond: z.int().positive(), upto: z.int().positive(), extra_ns: ns })
      .optional()
      .describe(
        "a step that prefills, by a graph of more than `beyond` and at most `upto` tokens, takes this much longer",
      ),
  }),
  host: z.strictObject({
    pace: ratio
      .optional()
      .describe("pace of this host: all its times and the front end's, over those given here; absent: 1"),
    schedule,
    update: perRequest,
    launch_full_graph: launch.describe("decode only, one CUDA graph"),
    launch_piecewise: launch.describe("CUDA graphs between attention calls"),
    launch_no_graph: launch.describe("more tokens than the largest graph, or eager"),
    launch_lead: z.number().min(0).max(1).describe("part of the launch after which the GPU begins"),
    launch_recency: z
      .strictObject({ share: z.number().min(0).max(1), memory_ns: z.number().min(1) })
      .optional()
      .describe("by how much launches of steps that prefill are shorter soon after one without graphs; absent: none"),
    copy_ns: ns.describe("copying sampled tokens to the host"),
    send_ns: ns.describe("sending outputs to the front end"),
    take_request_ns: ns.describe("taking a request from the input queue"),
    wake_ns: ns.describe("time for an idle engine to notice a request"),
    empty_step_sleep_ns: ns.default(1e6).describe("pause after a step without tokens while work is left"),
  }),
  front_end: z
    .strictObject({
      accept_ns: ns.default(0).describe("from the client to the front end, without occupying anything"),
      request_ns: ns.describe("handling of a request, before the engine"),
      request_token_ns: ns.describe("and per prompt token"),
      request_hops: z
        .int()
        .nonnegative()
        .max(1000)
        .describe("times that a request goes round the event loop after that"),
      request_hop_ns: ns,
      request_hop_gap_ns: ns.default(0).describe("delay before each of them, without occupying anything"),
      output_ns: ns.describe("handling of an engine output, whatever its number of tokens"),
      output_token_ns: ns,
      chunk_ns: ns.describe("one chunk written to one client"),
      first_chunk_ns: ns.describe("extra time for a request's first chunk"),
      delivery_ns: ns.default(0).describe("from the front end to the client, without occupying anything"),
      first_wait_token_ns: ns.default(0).describe("extra wait of a first chunk, per token beside it"),
    })
    .optional(),
  jitter: z
    .strictObject({
      ...variations,
      pace: z
        .strictObject({
          ...variation.shape,
          states: z.array(hostState("of the variance of the pace's normal score, relative to the sum")).min(1),
        })
        .optional()
        .describe("a factor that all times of host and front end share, as a path in time; absent: see host_states"),
      host_states: z
        .array(hostState("of the variance of the normal scores of launches and front-end jobs"))
        .refine(
          (states) => states.reduce((sum, { share }) => sum + share, 0) <= 1,
          "expected shares of 1 in sum at most",
        )
        .default([])
        .describe("launches and front-end jobs close in time are long or short together"),
      output_stall: z
        .strictObject({ token_probability: z.number().min(0).max(1), mean_ns: ns })
        .optional()
        .describe("with each token of an output the front end may be held up, exponentially long"),
      interrupted_share: z
        .number()
        .min(0)
        .max(0.5)
        .optional()
        .describe("share of times, the longest, that are independent of the host's states; absent: 0"),
      run_spread: z
        .number()
        .nonnegative()
        .max(10)
        .nullable()
        .default(null)
        .describe(
          "standard deviation of the logarithm of all host times, from run to run; null: unknown, one is assumed",
        ),
    })
    .optional()
    .describe("how times vary from step to step; absent: every time is its mean"),
});

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
const size = z.int().positive().optional();

const watts = z
  .union([
    z.number().positive(),
    z
      .strictObject({ idle: z.number().positive(), busy: z.number().positive() })
      .refine(({ idle, busy }) => idle <= busy, "expected idle to be at most busy"),
  ])
  .describe("power of the machine, W: while it waits and while it computes, or one number for both");

export const profileSchema = z.strictObject({
  version: z.literal(PROFILE_VERSION),
  name: z.string().min(1),
  date: z.string().optional(),
  source: z.string().describe("how the numbers were obtained, in a sentence"),
  machine: z.looseObject({
    cpu: z.looseObject({ model: z.string(), cores: z.int().positive() }).optional(),
    gpu: z.string().optional(),
    memory_bytes: z.number().positive().optional(),
    watts: watts.optional(),
    price_per_hour: z.number().positive().optional().describe("what an hour of it costs, in your currency"),
    os: z.string().optional(),
    libraries: z.record(z.string(), z.string()).optional(),
  }),
  model: z.strictObject({
    name: z.string(),
    layers: size,
    width: size,
    heads: size,
    vocab: size,
    positions: z.int().positive().describe("longest prompt plus output, tokens"),
    parameters: size,
    experts: z
      .strictObject({ total: z.int().positive(), active: z.int().positive() })
      .refine(({ total, active }) => active <= total, "expected at most as many active experts as there are")
      .optional()
      .describe(
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
    arena_region_bytes: bytes
      .positive()
      .optional()
      .describe("the arena takes regions that double from 1 MiB up to this size; absent: as much as the terms say"),
  }),
  range: z.strictObject({
    batch: range,
    prompt_tokens: range,
    context_tokens: range,
    step_tokens: range.optional().describe("vllm_engine: tokens of a step; absent: up to the server's token budget"),
    prefill_tokens: range.optional().describe("vllm_engine: prompt tokens of a step that prefills"),
    attention_pairs: range.optional().describe("vllm_engine: query and key pairs of a step's prompts"),
  }),
  fit: fitScores.optional(),
  held_out: fitScores.optional(),
  cost_intervals: z
    .record(z.string(), interval)
    .optional()
    .describe("vllm_engine: 95 % intervals of coefficients, ns, by their place in the cost: gpu.decode_base_ns"),
  cost_sources: z
    .record(z.string(), z.string())
    .optional()
    .describe("vllm_engine: sources of the costs that the recordings do not determine, by place"),
  cost_draws: costDraws.optional().describe("vllm_engine: joint draws of the fitted costs, for prediction intervals"),
  held_out_runs: z
    .array(
      z.strictObject({
        recording: z.string(),
        requests: z.int().positive(),
        metrics: z.record(z.string(), z.object({ real: figure, sim: figure, error: figure })),
      }),
    )
    .optional()
    .describe("vllm_engine: recorded runs kept out of the fit, and how they were predicted; milliseconds"),
  noise: z
    .strictObject({
      residual_quantiles: z.array(z.tuple([z.number().min(0).max(1), z.number()])).describe("[quantile, real/model]"),
      repeat_quantiles: z
        .array(z.tuple([z.number().min(0).max(1), ratio]))
        .optional()
        .describe("[quantile, repeat / median of its shape], for jitter"),
      repeat_spread: z.number().nonnegative().describe("median half range over median of repeats of a cell"),
    })
    .optional(),
  steps: stepCosts
    .optional()
    .describe("static_batch: what steps of continuous batching cost on the same machine; absent: not measured"),
  uncertainty: uncertainty.optional().describe("other coefficients that the measurements allow, for bands"),
  notes: z.array(z.string()).optional().describe("what a reader should know before trusting it"),
  server_notes: z
    .array(z.string())
    .optional()
    .describe("vllm_engine: about the server and how it was measured; repeated in every result made with the profile"),
  plan_sha256: z.string().optional().describe("fingerprint of the calibration plan, to know a finished calibration"),
  raw: z.string().optional().describe("file of raw measurements, beside the profile"),
});

export type Profile = z.output<typeof profileSchema>;
/** A profile whose cost model is of whole batches, as the ONNX calibration fits it. */
export type StaticBatchProfile = Omit<Profile, "cost" | "fit"> & {
  readonly cost: StaticBatchCost;
  readonly fit: z.output<typeof fitScores>;
};
export type CostDraws = z.output<typeof costDraws>;
export type StaticBatchCost = z.output<typeof staticBatchCost>;
export type VllmEngineCost = z.output<typeof vllmEngineCost>;
export type EngineJitter = NonNullable<VllmEngineCost["jitter"]>;
export type JitterName = (typeof jitterNames)[number];
