/** What a batch costs (onnxruntime), and what a step costs (a vLLM engine). Times are nanoseconds. */
import { z } from "zod";
import { count, nonnegative, optional, share, whole } from "../kinds.js";
import { costTerm, ns, perStep, ratio, variation } from "./parts.js";

/** The first requests of a step may cost more each than those after them. */
const perRequest = perStep.extend({
  first_requests: optional(
    z.strictObject({ upto: count, request_ns: ns }),
    "extra time for each of the first `upto` requests of a step; absent: none",
  ),
});

const schedule = perRequest.extend({
  prefill_request_ns: optional(ns, "extra time for a request that prefills; absent: 0"),
});

/** Time of a launch; absent `lead`: the host's `launch_lead`. */
const launch = perStep.extend({
  lead: share.optional(),
  overlap_power: optional(
    z.number().min(1),
    "steps that prefill on an idle GPU end after (launch^p + (lead x launch + gpu)^p)^(1/p); absent: after the later",
  ),
});

/** Hidden states of a host: Ornstein-Uhlenbeck processes by share of the variance and memory. */
const hostState = (of: string): z.ZodObject<{ share: z.ZodNumber; memory_ns: z.ZodNumber }> =>
  z.strictObject({
    share: share.describe(of),
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

export const staticBatchCost = z.strictObject({
  kind: z.literal("static_batch"),
  prefill: z.array(costTerm).min(1),
  decode_step: z.array(costTerm).min(1),
  dispatch_ns: ns.default(0).describe("hand-over to the executor and back, once per batch"),
  cold_start_ns: ns.default(0).describe("extra time of the first batch of a process"),
});

const decodeFactors = z
  .array(z.tuple([count, ratio]))
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
    mixed_base_ns: optional(ns, "decode_base_ns of a step that also prefills; absent: the same"),
    prefill_base_ns: ns,
    prefill_padded_token_ns: ns.describe("per token of the padded step, in a step that prefills"),
    attention_pair_ns: ns.describe("per query and key pair of the prefill chunks"),
    decode_factors: decodeFactors.optional(),
    experts: optional(
      z.strictObject({ total: count, active: count, all_ns: ns }),
      "a step of n tokens, of all ranks, also takes all_ns x (1 - exp(-n x active / total)): reading the experts that " +
        "some token goes through; absent: a dense model",
    ),
    on_host: optional(
      z.literal(true),
      "the model runs on the host's own cores, so these times have the host's pace; absent: on a device of its own",
    ),
    large_graph: optional(
      z.strictObject({ beyond: count, upto: count, extra_ns: ns }),
      "a step that prefills, by a graph of more than `beyond` and at most `upto` tokens, takes this much longer",
    ),
  }),
  host: z.strictObject({
    pace: optional(ratio, "pace of this host: all its times and the front end's, over those given here; absent: 1"),
    schedule,
    update: perRequest,
    launch_full_graph: launch.describe("decode only, one CUDA graph"),
    launch_piecewise: launch.describe("CUDA graphs between attention calls"),
    launch_no_graph: launch.describe("more tokens than the largest graph, or eager"),
    launch_lead: share.describe("part of the launch after which the GPU begins"),
    launch_recency: optional(
      z.strictObject({ share, memory_ns: z.number().min(1) }),
      "by how much launches of steps that prefill are shorter soon after one without graphs; absent: none",
    ),
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
      request_hops: whole.max(1000).describe("times that a request goes round the event loop after that"),
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
  jitter: optional(
    z.strictObject({
      ...variations,
      pace: optional(
        z.strictObject({
          ...variation.shape,
          states: z.array(hostState("of the variance of the pace's normal score, relative to the sum")).min(1),
        }),
        "a factor that all times of host and front end share, as a path in time; absent: see host_states",
      ),
      host_states: z
        .array(hostState("of the variance of the normal scores of launches and front-end jobs"))
        .refine(
          (states) => states.reduce((sum, { share }) => sum + share, 0) <= 1,
          "expected shares of 1 in sum at most",
        )
        .default([])
        .describe("launches and front-end jobs close in time are long or short together"),
      output_stall: optional(
        z.strictObject({ token_probability: share, mean_ns: ns }),
        "with each token of an output the front end may be held up, exponentially long",
      ),
      interrupted_share: optional(
        z.number().min(0).max(0.5),
        "share of times, the longest, that are independent of the host's states; absent: 0",
      ),
      run_spread: nonnegative
        .max(10)
        .nullable()
        .default(null)
        .describe(
          "standard deviation of the logarithm of all host times, from run to run; null: unknown, one is assumed",
        ),
    }),
    "how times vary from step to step; absent: every time is its mean",
  ),
});

export type StaticBatchCost = z.output<typeof staticBatchCost>;
export type VllmEngineCost = z.output<typeof vllmEngineCost>;
export type EngineJitter = NonNullable<VllmEngineCost["jitter"]>;
export type JitterName = (typeof jitterNames)[number];
