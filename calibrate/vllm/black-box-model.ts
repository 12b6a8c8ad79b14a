/**
 * The engine's cost model as a vector of logarithms, so that a search can move it: what clients' times alone can tell.
 * What they cannot tell apart is tied together or taken from what other servers showed; `ASSUMPTIONS` says what.
 */
import type { VllmEngineCost } from "../../formats/index.js";
import { ASSUMED } from "./build-profile.js";
import { logNormalVariation } from "./log-normal.js";

export const ASSUMPTIONS: readonly string[] = [
  "client times alone: the GPU begins after 62 % of a full graph's launch, 30 % of a piecewise and 10 % of an eager one",
  "client times alone: update takes half as long as schedule; launches near in time are alike, and 3 % of them much longer, as on a measured server",
];

const gpuParameterNames = [
  "decode_base",
  "decode_padded_token",
  "context_token",
  "prefill_base",
  "prefill_padded_token",
  "attention_pair",
] as const;

/** All but the prices of the GPU. */
export const hostParameterNames = [
  "launch_full",
  "launch_piecewise",
  "launch_none",
  "launch_request",
  "schedule",
  "schedule_request",
  "accept",
  "request",
  "request_token",
  "output",
  "output_token",
  "first_wait_token",
  "delivery",
  "launch_sigma",
  "front_sigma",
  "stall_probability",
  "stall",
] as const;

export const parameterNames = [...gpuParameterNames, ...hostParameterNames] as const;

export type ParameterName = (typeof parameterNames)[number];
/** Natural units (ns; sigmas and probabilities as they are), every one positive. */
export type Parameters = Readonly<Record<ParameterName, number>>;

/** Of launches, as on a measured server. */
const TAIL = { share: 0.03, most: 2 };
/** A run differs from the next by about this much where nothing was measured of it. */
const RUN_SPREAD = 0.01;

/** Share of a token's cost in the front end that is the writing of its chunk, on a measured server. */
const WRITTEN = 0.6;

export function costOf(p: Parameters): VllmEngineCost {
  const launches = logNormalVariation(p.launch_sigma, TAIL);
  return {
    kind: "vllm_engine",
    gpu: {
      decode_base_ns: p.decode_base,
      decode_padded_token_ns: p.decode_padded_token,
      context_token_ns: p.context_token,
      prefill_base_ns: p.prefill_base,
      prefill_padded_token_ns: p.prefill_padded_token,
      attention_pair_ns: p.attention_pair,
    },
    host: {
      schedule: { base_ns: p.schedule, request_ns: p.schedule_request },
      update: { base_ns: p.schedule / 2, request_ns: p.schedule_request / 2 },
      launch_full_graph: { base_ns: p.launch_full, request_ns: p.launch_request, lead: 0.62 },
      launch_piecewise: { base_ns: p.launch_piecewise, request_ns: p.launch_request, lead: 0.3 },
      launch_no_graph: { base_ns: p.launch_none, request_ns: p.launch_request, lead: 0.1 },
      launch_lead: 0.1,
      copy_ns: 76_000,
      send_ns: 90_000,
      ...ASSUMED,
    },
    front_end: {
      accept_ns: p.accept,
      request_ns: p.request,
      request_token_ns: p.request_token,
      request_hops: 6,
      request_hop_ns: p.request / 4,
      request_hop_gap_ns: p.request / 2,
      output_ns: p.output,
      output_token_ns: (1 - WRITTEN) * p.output_token,
      chunk_ns: WRITTEN * p.output_token,
      first_chunk_ns: p.output_token,
      delivery_ns: p.delivery,
      first_wait_token_ns: p.first_wait_token,
    },
    jitter: {
      launch_full_graph: launches,
      launch_piecewise: launches,
      launch_no_graph: launches,
      request: logNormalVariation(p.front_sigma),
      output: logNormalVariation(p.front_sigma),
      output_stall: { token_probability: Math.min(0.1, p.stall_probability), mean_ns: p.stall },
      host_states: [
        { share: 0.6, memory_ns: 70e6 },
        { share: 0.1, memory_ns: 2e9 },
      ],
      run_spread: RUN_SPREAD,
    },
  };
}
